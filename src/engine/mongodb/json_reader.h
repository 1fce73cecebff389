#pragma once
// Cuts a stream of JSON documents out of chunks of any size: one a line or one over many lines,
// with nothing but white space between them. It finds where a document ends; what is in it is for
// from_extended_json() to judge. One thread at a time.
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::engine::mongodb {

// A document of 16 MiB takes at most about eight times as much as JSON on one line.
inline constexpr std::size_t kMaxJsonDocument = 160U << 20U;
inline constexpr std::size_t kMaxJsonDepth = 512;

class JsonReader {
 public:
  // Gets the text of each document, from brace to brace; an error ends the reading.
  using Visit = std::function<Result<void>(std::string_view text)>;

  explicit JsonReader(std::size_t most = kMaxJsonDocument) : most_(most) {}

  // `corrupt` names line and byte of the stream; after an error nothing more may be fed.
  Result<void> feed(ByteView chunk, const Visit& visit);
  // The stream is over: `corrupt` when it ends inside a document.
  Result<void> finish() const;

  std::uint64_t documents() const { return documents_; }
  // The line, from 1, on which the document begins that is or was last visited.
  std::uint64_t line() const { return first_line_; }

 private:
  Result<void> end_document(std::string_view last, const Visit& visit);
  Result<void> step(char c);
  Result<void> between(char c);
  void in_text(char c);
  Failure wrong(std::string_view what) const;
  bool is_mark(char c);

  std::size_t most_;
  std::string begun_;  // of a document that a chunk cut
  std::size_t depth_ = 0;
  std::size_t size_ = 0;  // of the document so far
  bool in_mark_ = false;
  bool in_text_ = false;
  bool after_backslash_ = false;
  std::uint64_t position_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t first_line_ = 1;
  std::uint64_t documents_ = 0;
};

}  // namespace lifeboat::engine::mongodb
