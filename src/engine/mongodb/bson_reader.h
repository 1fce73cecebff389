#pragma once
// Cuts a stream of BSON documents, laid one after the other, out of chunks of any size. Lengths
// come from outside: nothing is allocated for bytes that have not arrived. One thread at a time.
#include <functional>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

class BsonReader {
 public:
  // Gets each document while it lies in memory; an error ends the reading.
  using Visit = std::function<Result<void>(DocumentView document)>;

  // `most` bounds one document; larger ones are `corrupt`.
  explicit BsonReader(std::size_t most = kMaxDocument) : most_(most) {}

  // Takes the next bytes and visits the documents that end in them. After an error nothing more
  // may be fed. `corrupt` names the byte of the stream where the document begins, and the byte in
  // it that is wrong.
  Result<void> feed(ByteView chunk, const Visit& visit);
  // The stream is over: `corrupt` when it ends inside a document.
  Result<void> finish() const;

  std::uint64_t documents() const { return documents_; }
  // Where in the stream the document begins that is not complete yet.
  std::uint64_t position() const { return position_; }

 private:
  Result<std::size_t> size_of(ByteView start) const;
  Result<void> complete(ByteView& chunk, const Visit& visit);
  Result<void> pass(ByteView document, const Visit& visit);
  void take(ByteView& chunk, std::size_t until);

  std::size_t most_;
  Bytes begun_;  // of a document that a chunk cut
  std::uint64_t position_ = 0;
  std::uint64_t documents_ = 0;
};

}  // namespace lifeboat::engine::mongodb
