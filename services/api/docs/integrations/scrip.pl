use JSON ();
use LWP::UserAgent;

my $whymid       = 'http://127.0.0.1:8514';
my $token        = 'whymid_0123456789abcdef';
my $subscription = 's0f3c';
my $bot          = 'whymid-bot';

# what whymid itself opened needs no answer
return 1 if $self->TransactionObj->CreatorObj->Name eq $bot;

my $answer = LWP::UserAgent->new(timeout => 10)->post(
    "$whymid/v1/subscriptions/$subscription/inbound",
    'Authorization' => "Bearer $token",
    'Content-Type'  => 'application/json',
    Content         => JSON::encode_json({
        ticket  => $self->TicketObj->Id,
        subject => $self->TicketObj->Subject,
        text    => $self->TransactionObj->Content,
    }),
);
RT->Logger->warning('whymid: ' . $answer->status_line) unless $answer->is_success;
return 1;
