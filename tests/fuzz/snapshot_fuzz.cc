// What a snapshot holds, as it is after its seals were opened: head, body, and entry records.
#include <algorithm>

#include "fuzz/fuzz.h"
#include "repository/entry_record.h"
#include "repository/snapshot_body.h"
#include "repository/snapshot_head.h"

namespace lifeboat::repository {
namespace {

void head(ByteView bytes) {
  const auto parsed = decode_head(bytes);
  if (!parsed) return;
  const auto written = encode_head(*parsed);
  const auto again = decode_head(written);
  fuzz::promise(again.has_value(), "a head that was written is read");
  fuzz::promise(encode_head(*again) == written, "a head stays as it is");
}

void body(ByteView bytes) {
  const auto parsed = decode_body(bytes);
  if (!parsed) return;
  const auto written = encode_body(*parsed);
  const auto again = decode_body(written);
  fuzz::promise(again.has_value(), "a body that was written is read");
  fuzz::promise(encode_body(*again) == written, "a body stays as it is");
}

// A stream of entry records.
class Records final : public Reader {
 public:
  explicit Records(ByteView bytes) : bytes_(bytes) {}
  Result<std::size_t> read(ByteSpan into) override {
    const auto size = std::min(into.size(), bytes_.size());
    std::copy_n(bytes_.begin(), size, into.begin());
    bytes_ = bytes_.subspan(size);
    return size;
  }

 private:
  ByteView bytes_;
};

void entries(ByteView bytes) {
  Records records(bytes);
  EntryDecoder decoder(records);
  Bytes written;
  for (;;) {
    const auto entry = decoder.next();
    if (!entry) return;
    if (!*entry) break;
    const auto record = encode_entry(**entry);
    fuzz::promise(record.has_value(), "an entry that is accepted can be written");
    append(written, *record);
  }
  fuzz::promise(written == to_bytes(bytes), "entries that are accepted encode to the same bytes");
}

}  // namespace
}  // namespace lifeboat::repository

LIFEBOAT_FUZZ(input) {
  using Parser = void (*)(lifeboat::ByteView);
  constexpr Parser kParsers[] = {lifeboat::repository::head, lifeboat::repository::body,
                                 lifeboat::repository::entries};
  kParsers[input.choose(3)](input.rest());
}
