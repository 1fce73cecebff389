// A server's log from anywhere: entries, differences of updates, a replay with transactions, and
// the manifests of slices.
#include "base/json_value.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/log_chain.h"
#include "engine/mongodb/replay.h"
#include "fuzz/fuzz.h"

namespace lifeboat::engine::mongodb {
namespace {

template <class Visit>
void each_document(ByteView bytes, Visit visit) {
  BsonReader reader;
  (void)reader.feed(bytes, [&](DocumentView document) -> Result<void> { return visit(document); });
}

// Two documents: what was there and the difference.
void differences(fuzz::Input input) {
  std::vector<Bytes> documents;
  each_document(input.rest(), [&](DocumentView document) -> Result<void> {
    documents.push_back(to_bytes(document.bytes()));
    return {};
  });
  if (documents.size() < 2) return;
  const auto diff = view_document(documents[1]);
  const auto once = apply_diff(view_document(documents[0]), diff, PresentField::moved);
  if (!once) return;
  fuzz::promise(DocumentView::check(*once).has_value(), "what a difference makes is a document");
  const auto twice = apply_diff(view_document(*once), diff, PresentField::moved);
  fuzz::promise(twice.has_value(), "what was changed can be changed again");
}

void check_write(const Replace& write) {
  fuzz::promise(DocumentView::check(write.document).has_value(), "a replacement is a document");
}
void check_write(const Update& write) {
  fuzz::promise(DocumentView::check(write.operators).has_value(), "an update is a document");
}
void check_write(const Create& write) {
  fuzz::promise(DocumentView::check(write.command).has_value(), "a command is a document");
  fuzz::promise(!write.where.collection.empty(), "what is created has a name");
}
template <class Other>
void check_write(const Other&) {}

void replay(fuzz::Input input) {
  Replay replay({.until = {1U << input.choose(32), 0},
                 .known = {},
                 .dialect = input.choose(2) == 0 ? Dialect::mongodb : Dialect::ferretdb,
                 .leaves_out = {},
                 .make_store = hold_in_memory(1U << 20U)});
  each_document(input.rest(), [&](DocumentView entry) -> Result<void> {
    TRY(replay.apply(entry, [](const Write& write) -> Result<void> {
      std::visit([](const auto& each) { check_write(each); }, write);
      return {};
    }));
    return {};
  });
  (void)replay.open();
}

void slices(fuzz::Input input) {
  SliceTally tally;
  each_document(input.rest(), [&](DocumentView entry) { return tally.add(entry); });
  const auto slice = tally.finish({}, std::nullopt);
  if (!slice) return;
  fuzz::promise(decode_slice(encode_slice(*slice)).value() == *slice, "a manifest comes back");
  (void)slices_between({*slice, *slice}, slice->first.at.ts, slice->last.at.ts);
}

void manifest(fuzz::Input input) {
  const auto json = parse_json(input.text());
  if (!json) return;
  const auto slice = decode_slice(*json);
  if (slice)
    fuzz::promise(decode_slice(encode_slice(*slice)).value() == *slice, "a manifest comes back");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::engine::mongodb;
  using Parser = void (*)(lifeboat::fuzz::Input);
  constexpr Parser kParsers[] = {differences, replay, slices, manifest};
  kParsers[input.choose(4)](input);
}
