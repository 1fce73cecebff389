#pragma once
// Index objects: which packs there are and what their directories say (docs/format.md, 7). Pure
// functions, thread-safe; parsers believe nothing.
#include <functional>

#include "repository/pack_directory.h"

namespace lifeboat::repository {

using IndexName = Id<struct IndexTag, 32>;

std::string index_key(const IndexName& name);  // index/<hash>
Result<IndexName> parse_index_key(std::string_view key);

struct PackListing {
  PackName name;
  std::uint64_t size = 0;
  ByteView directory;  // plaintext
  WriterId origin;     // who first listed it: whose word its directory is
};

// Gathers listings into the plaintext of one index object.
class IndexText {
 public:
  IndexText() { clear(); }
  void add(const PackListing& pack);
  std::size_t packs() const { return packs_; }
  std::size_t size() const { return writer_.size(); }
  ByteView bytes();
  void clear();

 private:
  std::uint32_t packs_ = 0;
  ByteWriter writer_;
  Bytes bytes_;
};

// Visits every pack with its directory parsed and held against its size.
using ListingVisitor = std::function<Result<void>(const PackListing&, const PackDirectory&)>;
Result<void> parse_index(ByteView plain, const ListingVisitor& visit);

// A whole object, sealed and signed by keys' role; its name is its hash.
struct IndexObject {
  IndexName name;
  Bytes bytes;
};
Result<IndexObject> make_index_object(const RoleKeys& keys, ByteView plain, Random& random);

// Checks name, signature (writer, collector or admin) and seal.
struct OpenedIndex {
  Signer signer;
  Bytes plain;
};
// Whose word a listing is: a writer speaks for itself, collectors and admins hand on what they
// found.
WriterId origin_of(const Signer& signer, const PackListing& pack);
Result<OpenedIndex> open_index_object(const RoleKeys& keys, const IndexName& name, ByteView object);

}  // namespace lifeboat::repository
