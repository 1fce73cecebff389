// Evidence from strangers: the envelope of a report, a sign-off or a waiver.
#include "base/json_value.h"
#include "drill/envelope.h"
#include "fuzz/fuzz.h"

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat;
  const auto json = parse_json(input.text());
  if (!json) return;
  const auto envelope = drill::read_envelope(*json);
  if (!envelope) return;
  fuzz::promise(drill::is_envelope(*json), "what is read as an envelope is one");
  fuzz::promise(!envelope->signatures.empty(), "an envelope is signed");
  fuzz::promise(drill::signed_form(envelope->payload).size() > envelope->payload.size(),
                "what is signed names the type of the payload");
}
