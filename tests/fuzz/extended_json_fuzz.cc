// Extended JSON from anywhere: cut out of a stream, read, written and read again; and BSON that is
// to become Extended JSON.
#include "engine/mongodb/extended_json.h"

#include "engine/mongodb/json_reader.h"
#include "exchange/sample_hash.h"
#include "fuzz/fuzz.h"

namespace lifeboat::engine::mongodb {
namespace {

void write_and_read(ByteView bytes) {
  const auto document = DocumentView::check(bytes);
  if (!document) return;
  const auto text = to_extended_json(*document, Lossy::escaped);
  fuzz::promise(text.has_value(), "every document can be written, escaped or not");
  const auto back = from_extended_json(text->text);
  fuzz::promise(back.has_value() && *back == to_bytes(bytes), "what was written comes back");
  (void)exchange::python_json(*document);
  fuzz::promise(first_difference(*document, *document).empty(), "nothing differs from itself");
}

std::string cut(ByteView bytes, std::size_t size) {
  JsonReader reader;
  std::string all;
  const auto visit = [&](std::string_view text) -> Result<void> {
    all += text;
    if (const auto document = from_extended_json(text)) write_and_read(*document);
    return {};
  };
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(size, bytes.size())))
    if (!reader.feed(bytes.first(std::min(size, bytes.size())), visit)) return all + "wrong";
  return all + (reader.finish() ? "" : "cut");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::engine::mongodb;
  if (input.choose(3) == 0) return write_and_read(input.rest());
  const auto size = 1 + input.choose(20);
  lifeboat::fuzz::promise(cut(input.rest(), size) == cut(input.rest(), 4096),
                          "chunks do not change what is read");
}
