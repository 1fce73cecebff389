// BSON as a snapshot, a server or an archive could hold it: the stream cut in two ways, the walk
// over every element, and the names of collections.
#include <vector>

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/object_names.h"
#include "fuzz/fuzz.h"

namespace lifeboat::engine::mongodb {
namespace {

struct Read {
  std::vector<Bytes> documents;
  bool whole = false;
};

Read read_in_chunks(ByteView bytes, std::size_t size) {
  Read read;
  BsonReader reader;
  const auto visit = [&](DocumentView document) -> Result<void> {
    read.documents.push_back(to_bytes(document.bytes()));
    return {};
  };
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(size, bytes.size())))
    if (!reader.feed(bytes.first(std::min(size, bytes.size())), visit)) return read;
  read.whole = reader.finish().has_value();
  return read;
}

// Every element is copied: the copy is the document.
Bytes copied(DocumentView document) {
  DocumentBuilder copy;
  for (const auto& element : document) {
    if (const auto inner = element.document())
      fuzz::promise(copied(*inner) == to_bytes(element.value), "a document is its elements");
    (void)element.text();
    (void)element.integer();
    (void)element.is_true();
    copy.element(element);
  }
  return copy.take();
}

void stream(fuzz::Input input) {
  const std::size_t size = 1 + input.choose(64);
  const auto one = read_in_chunks(input.rest(), size);
  const auto other = read_in_chunks(input.rest(), 4096);
  fuzz::promise(one.whole == other.whole && one.documents == other.documents,
                "chunks do not change what is read");
  for (const auto& each : one.documents)
    fuzz::promise(copied(view_document(each)) == each, "a document is its elements");
}

void names(fuzz::Input input) {
  const auto escaped = escape_name(input.text());
  fuzz::promise(unescape_name(escaped).value() == input.text(), "an escaped name comes back");
  const auto name = unescape_name(input.text());
  if (!name) return;
  const auto twins = escape_names({*name, std::string(input.text())});
  fuzz::promise(escape_name(*name) == input.text() || twins.contains(*name),
                "a name has one escaped form, or two");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::engine::mongodb;
  if (input.choose(4) == 0)
    names(input);
  else
    stream(input);
}
