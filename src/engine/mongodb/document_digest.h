#pragma once
// The facts of a collection's data: how many documents and bytes, the digest that does not depend
// on their order, and where asked the one of their natural order (docs/adr/0010-mongodb.md). One
// thread at a time; sums are values that can be added up.
#include <optional>
#include <vector>

#include "engine/hash_sum.h"
#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

struct DocumentSum {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  HashSum digest;  // of the SHA-256 of each document's raw BSON

  void add(const DocumentSum& other);
  void subtract(const DocumentSum& other);
  bool operator==(const DocumentSum&) const = default;
};

enum class NaturalOrder : std::uint8_t { ignored, hashed };

class DocumentDigest {
 public:
  // Natural order is a fact of capped collections only; hashing it costs as much again.
  explicit DocumentDigest(NaturalOrder order = NaturalOrder::ignored);

  void add(ByteView document);
  const DocumentSum& sum() const { return sum_; }
  // SHA-256 over all documents as they came; nothing where order is ignored. Nothing may be added
  // after.
  std::optional<crypto::Digest> finish_natural();

 private:
  DocumentSum sum_;
  std::optional<crypto::Sha256> natural_;
};

DocumentSum sum_of(ByteView document);

// The fields in the order of their names. Servers give the measurements of a time series with
// theirs in an order of their own.
std::vector<Element> fields_by_name(DocumentView document);
Bytes sorted_by_field(DocumentView document);

}  // namespace lifeboat::engine::mongodb
