#pragma once
// Raw BSON: a validated view of a document, its elements, and a builder. Views own nothing and live
// as long as the bytes; all are values for one thread at a time. The format: bsonspec.org, 1.1.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::engine::mongodb {

enum class BsonType : std::uint8_t {
  number_double = 1,
  string = 2,
  document = 3,
  array = 4,
  binary = 5,
  undefined = 6,
  object_id = 7,
  boolean = 8,
  date = 9,
  null = 10,
  regex = 11,
  db_pointer = 12,
  code = 13,
  symbol = 14,
  code_with_scope = 15,
  int32 = 16,
  timestamp = 17,
  int64 = 18,
  decimal128 = 19,
  max_key = 127,
  min_key = 255,
};

// What the server calls optime's ts: seconds, and a counter within the second.
struct Timestamp {
  std::uint32_t seconds = 0;
  std::uint32_t increment = 0;

  auto operator<=>(const Timestamp&) const = default;
  std::string text() const;  // "1763718300.1"
};

// The largest document, and the room that the server leaves for its own envelope around one.
inline constexpr std::size_t kMaxDocument = (16U << 20U) + (16U << 10U);
inline constexpr std::size_t kMaxDepth = 250;  // the most that a server can be told to allow
inline constexpr std::size_t kMinDocument = 5;

class DocumentView;

struct Element {
  BsonType type = BsonType::null;
  std::string_view key;
  ByteView value;  // without type and key
  ByteView whole;  // with them

  bool holds(BsonType wanted) const { return type == wanted; }
  // Of a document or an array.
  std::optional<DocumentView> document() const;
  // The same, for walking through: the empty document where there is none.
  DocumentView inside() const;
  // Of a string, without its NUL.
  std::optional<std::string_view> text() const;
  // Of any number: as a double, and as an integer when it is one without loss.
  std::optional<double> number() const;
  std::optional<std::int64_t> integer() const;
  std::optional<Timestamp> timestamp() const;
  // As the server takes an option for true: true, or a number that is not zero.
  bool is_true() const;
};

// A document whose structure is known to be sound, to every depth.
class DocumentView {
 public:
  class End {};
  class Iterator {
   public:
    explicit Iterator(ByteView elements);
    const Element& operator*() const { return element_; }
    const Element* operator->() const { return &element_; }
    Iterator& operator++();
    bool operator==(End) const { return at_end_; }

   private:
    ByteView rest_;
    Element element_;
    bool at_end_ = false;
  };

  // The empty document.
  DocumentView();
  // `corrupt` with the position of the first byte that is wrong. Text need not be UTF-8 and keys
  // may repeat: servers hold such documents.
  static Result<DocumentView> check(ByteView bytes);

  ByteView bytes() const { return bytes_; }
  bool empty() const { return bytes_.size() == kMinDocument; }
  Iterator begin() const;
  End end() const { return {}; }
  // The first element of that name.
  std::optional<Element> find(std::string_view key) const;
  std::optional<DocumentView> document_at(std::string_view key) const;
  std::optional<std::string_view> text_at(std::string_view key) const;
  bool is_true_at(std::string_view key) const;

 private:
  friend struct Element;
  explicit DocumentView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

// Writes one document; keys come without NUL.
class DocumentBuilder {
 public:
  DocumentBuilder();
  DocumentBuilder& element(const Element& verbatim);
  DocumentBuilder& element(std::string_view key, const Element& renamed);
  DocumentBuilder& text(std::string_view key, std::string_view value);
  DocumentBuilder& number(std::string_view key, double value);
  DocumentBuilder& int32(std::string_view key, std::int32_t value);
  DocumentBuilder& int64(std::string_view key, std::int64_t value);
  DocumentBuilder& boolean(std::string_view key, bool value);
  DocumentBuilder& null(std::string_view key);
  DocumentBuilder& binary(std::string_view key, ByteView value);
  DocumentBuilder& timestamp(std::string_view key, Timestamp value);
  DocumentBuilder& document(std::string_view key, ByteView value);
  DocumentBuilder& array(std::string_view key, ByteView value);
  bool empty() const { return bytes_.size() == 4; }
  std::size_t size() const { return bytes_.size() + 1; }  // of the document so far
  // The document; the builder is empty after.
  Bytes take();

 private:
  DocumentBuilder& put(BsonType type, std::string_view key, ByteView value);
  DocumentBuilder& put_64(BsonType type, std::string_view key, std::uint64_t bits);

  Bytes bytes_;
};

// Builds an array: the documents in order under "0", "1" …
class ArrayBuilder {
 public:
  ArrayBuilder& element(const Element& value);
  ArrayBuilder& document(ByteView value);
  ArrayBuilder& null();
  ArrayBuilder& text(std::string_view value);
  std::size_t size() const { return count_; }
  Bytes take();

 private:
  std::string next_key() { return std::to_string(count_++); }

  DocumentBuilder builder_;
  std::size_t count_ = 0;
};

// Of documents that this program made or has checked: a view, or the empty document.
DocumentView view_document(ByteView checked);

// {_id: …} alone, by which a document is found again; empty for one without.
Bytes filter_of_id(DocumentView document);

}  // namespace lifeboat::engine::mongodb
