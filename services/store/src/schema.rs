//! The index's fields: what a record can be found by. Tantivy's names end in this room.
//!
//! Constant text is not indexed: only diagnostic lines and lines that are not understood are
//! words; the rest of a record's lines are found by its fields. Every line is kept, in the
//! record itself. Words are those of `words.rs`. The schema as serialized stands in
//! `schemas/index/v5.json`; a test guards it.
//!
//! Not here yet: the template coder for lines.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::words;

/// Handles to every field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    /// The id as a number, in the ids' order.
    pub(crate) tie: Field,
    pub(crate) kind: Field,
    pub(crate) appliance: Field,
    pub(crate) mid: Field,
    pub(crate) icid: Field,
    /// There where `icid` is its elder's: it did not come by it itself.
    pub(crate) elders_icid: Field,
    pub(crate) dcid: Field,
    /// The MIDs of its family that a message's lines name.
    pub(crate) kin: Field,
    pub(crate) message_id: Field,
    pub(crate) sender: Field,
    pub(crate) recipient: Field,
    pub(crate) sender_domain: Field,
    pub(crate) recipient_domain: Field,
    /// How many of those there are; recipients whose address nobody told are one more.
    pub(crate) domains: Field,
    pub(crate) host: Field,
    pub(crate) ip: Field,
    pub(crate) sender_group: Field,
    pub(crate) subject: Field,
    pub(crate) outcome: Field,
    pub(crate) custody: Field,
    pub(crate) diagnosis: Field,
    pub(crate) party: Field,
    pub(crate) kb_version: Field,
    pub(crate) start: Field,
    pub(crate) end: Field,
    pub(crate) position: Field,
    pub(crate) ready: Field,
    pub(crate) received: Field,
    pub(crate) lines: Field,
    pub(crate) record: Field,
}

/// The schema and its handles.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let b = &mut builder;
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(words::NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        id: b.add_text_field("id", STRING),
        tie: b.add_u64_field("tie", INDEXED | FAST),
        kind: b.add_text_field("kind", STRING),
        appliance: b.add_text_field("appliance", STRING | FAST),
        mid: b.add_u64_field("mid", INDEXED | FAST),
        icid: b.add_u64_field("icid", INDEXED | FAST),
        elders_icid: b.add_u64_field("elders_icid", FAST),
        dcid: b.add_u64_field("dcid", INDEXED),
        kin: b.add_u64_field("kin", INDEXED | FAST),
        message_id: b.add_text_field("message_id", STRING),
        sender: b.add_text_field("sender", STRING),
        recipient: b.add_text_field("recipient", STRING),
        sender_domain: b.add_text_field("sender_domain", STRING | FAST),
        recipient_domain: b.add_text_field("recipient_domain", STRING | FAST),
        domains: b.add_u64_field("domains", INDEXED),
        host: b.add_text_field("host", STRING | FAST),
        ip: b.add_text_field("ip", STRING | FAST),
        sender_group: b.add_text_field("sender_group", STRING),
        subject: b.add_text_field("subject", text.clone()),
        outcome: b.add_text_field("outcome", STRING | FAST),
        custody: b.add_text_field("custody", STRING | FAST),
        diagnosis: b.add_text_field("diagnosis", STRING | FAST),
        party: b.add_text_field("party", STRING | FAST),
        kb_version: b.add_text_field("kb_version", STRING),
        start: b.add_i64_field("start", INDEXED | FAST),
        end: b.add_i64_field("end", FAST),
        position: b.add_u64_field("position", FAST),
        ready: b.add_i64_field("ready", FAST),
        received: b.add_i64_field("received", INDEXED | FAST),
        lines: b.add_text_field("lines", text),
        record: b.add_bytes_field("record", STORED),
    };
    (builder.build(), fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_the_schema_in_use() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/index/v5.json");
        let mut now = serde_json::to_string_pretty(&schema().0).unwrap();
        now.push('\n');
        let published = std::fs::read_to_string(path).unwrap_or_default();
        if published != now {
            std::fs::write(path, &now).unwrap();
            panic!(
                "schemas/index/v5.json was not the schema in use; it was written anew, look at the difference"
            );
        }
    }
}
