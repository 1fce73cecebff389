// The catalog of a MongoDB database as a snapshot holds it: what is accepted encodes to the same
// bytes, and whatever is asked of it has an answer.
#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/features.h"
#include "engine/mongodb/recreate.h"
#include "fuzz/fuzz.h"

namespace lifeboat::engine::mongodb {
namespace {

void ask(const Collection& collection) {
  fuzz::promise(DocumentView::check(normalised(collection)).has_value(),
                "what is hashed is a document");
  if (const auto command = create_command(collection, Validators::set_aside))
    fuzz::promise(DocumentView::check(*command).has_value(), "a command is a document");
  if (const auto plans = index_plans(collection))
    for (const auto& plan : *plans)
      fuzz::promise(DocumentView::check(plan.spec).has_value(), "an index is a document");
  (void)validator_command(collection);
  (void)expiry_command(collection);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::engine::mongodb;
  namespace fuzz = lifeboat::fuzz;
  const auto catalog = decode_catalog(input.rest());
  if (!catalog) return;
  const auto again = decode_catalog(encode_catalog(*catalog));
  fuzz::promise(again.has_value() && *again == *catalog, "a catalog comes back");
  fuzz::promise(differences(*catalog, *catalog).empty(), "a catalog does not differ from itself");
  for (const auto& each : catalog->collections) ask(each);
  (void)views_in_order(*catalog);
  (void)expiry_findings(*catalog);
  (void)lost_features(*catalog, {});
}
