#include "engine/mongodb/diff.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kIsArray = "a";
constexpr std::string_view kNewLength = "l";
constexpr std::size_t kBinaryHead = 5;  // the length of what follows, and its kind

enum class Change : std::uint8_t { removed, updated, inserted, nested, rewritten };

struct FieldChange {
  Change change = Change::removed;
  Element value;  // the new value, or the difference within, or of a binary value its new end
};

Failure no_diff(std::string_view what) {
  return fail(Code::corrupt, fmt::format("not the difference of an update: {}", what));
}

// What a difference says of the fields of a document.
class FieldChanges {
 public:
  static Result<FieldChanges> read(DocumentView diff) {
    FieldChanges changes;
    for (const auto& section : diff) TRY(changes.add_section(section));
    changes.order_.insert(changes.order_.end(), changes.inserted_.begin(), changes.inserted_.end());
    return changes;
  }

  const FieldChange* find(std::string_view field) const {
    const auto found = by_field_.find(field);
    return found == by_field_.end() ? nullptr : &found->second;
  }

  // The new values that belong at the end when the document has not got the field: updated ones
  // first, then inserted ones.
  const std::vector<Element>& at_the_end() const { return order_; }

 private:
  Result<void> add_section(const Element& section) {
    if (section.key.starts_with('s')) {
      if (!section.holds(BsonType::document)) return no_diff("a nested part of another type");
      return add(section.key.substr(1), {Change::nested, section});
    }
    if (!section.holds(BsonType::document)) return no_diff("a section that is no document");
    if (section.key == "b") return add_all(section, Change::rewritten);
    if (section.key == "d") return add_all(section, Change::removed);
    if (section.key == "u") return add_all(section, Change::updated);
    if (section.key == "i") return add_all(section, Change::inserted);
    return no_diff("a section that is not known");
  }

  Result<void> add_all(const Element& section, Change change) {
    for (const auto& field : section.inside()) {
      TRY(add(field.key, {change, field}));
      if (change == Change::updated) order_.push_back(field);
      if (change == Change::inserted) inserted_.push_back(field);
    }
    return {};
  }

  Result<void> add(std::string_view field, FieldChange change) {
    if (!by_field_.emplace(field, change).second) return no_diff("a field is changed twice");
    return {};
  }

  std::map<std::string_view, FieldChange> by_field_;
  std::vector<Element> order_;
  std::vector<Element> inserted_;
};

struct ArrayChange {
  std::size_t index = 0;
  FieldChange change;
};

struct ArrayChanges {
  std::optional<std::size_t> length;
  std::vector<ArrayChange> changes;  // in ascending order
};

Result<std::size_t> index_from(std::string_view digits) {
  std::size_t index = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, index);
  // An element takes three bytes or more: an index beyond that cannot be one of a document.
  if (digits.empty() || error != std::errc() || stop != end || index > kMaxDocument / 3)
    return no_diff("an index of an array that is none");
  return index;
}

Result<void> add_array_change(const Element& field, ArrayChanges& changes) {
  const auto kind = field.key.substr(0, 1);
  if (kind == "b")
    return fail(Code::unsupported_format,
                "an update changed a part of a binary "
                "value in an array");
  if (kind != "u" && kind != "s") return no_diff("a change of an array that is not known");
  const auto change = kind == "u" ? Change::updated : Change::nested;
  if (change == Change::nested && !field.holds(BsonType::document))
    return no_diff("a nested part of another type");
  const auto index = TRY(index_from(field.key.substr(1)));
  if (!changes.changes.empty() && changes.changes.back().index >= index)
    return no_diff("the changes of an array are not in order");
  changes.changes.push_back({index, {change, field}});
  return {};
}

Result<ArrayChanges> read_array_changes(DocumentView diff) {
  ArrayChanges changes;
  for (const auto& field : diff) {
    if (field.key == kIsArray) continue;
    if (field.key != kNewLength) {
      TRY(add_array_change(field, changes));
      continue;
    }
    const auto length = field.integer();
    if (!length || *length < 0 || *length > static_cast<std::int64_t>(kMaxDocument / 3))
      return no_diff("the length of an array");
    changes.length = static_cast<std::size_t>(*length);
  }
  const bool beyond =
      changes.length && !changes.changes.empty() && changes.changes.back().index >= *changes.length;
  if (beyond) return no_diff("a change beyond the end of an array");
  return changes;
}

// A short difference may claim long arrays, many times over: it is stopped on the way.
Result<void> check_size(const DocumentBuilder& builder) {
  if (builder.size() <= kMaxDocument) return {};
  return no_diff("its result is larger than a document");
}

class DiffApplier {
 public:
  explicit DiffApplier(PresentField present) : present_(present) {}

  Result<Bytes> to_document(DocumentView document, DocumentView diff) const {
    const auto changes = TRY(FieldChanges::read(diff));
    std::set<std::string_view> done;
    DocumentBuilder builder;
    for (const auto& field : document) {
      const auto* change = changes.find(field.key);
      if (TRY(put_field(builder, field, change))) done.insert(field.key);
    }
    for (const auto& field : changes.at_the_end())
      if (!done.contains(field.key)) builder.element(field);
    return builder.take();
  }

 private:
  // False when the field moves: it is put at the end later.
  Result<bool> put_field(DocumentBuilder& to, const Element& field,
                         const FieldChange* change) const {
    const bool inserted = change != nullptr && change->change == Change::inserted;
    if (inserted && present_ == PresentField::moved) return false;
    if (change == nullptr || inserted)
      to.element(field);
    else if (change->change == Change::updated)
      to.element(field.key, change->value);
    else if (change->change == Change::nested)
      TRY(put_nested(to, field, change->value));
    else if (change->change == Change::rewritten)
      TRY(put_rewritten(to, field, change->value));
    return true;
  }

  // {o: offset, d: bytes}: all before the offset stays, and these follow; of the columns of a time
  // series. A value without that place is of a later moment and stays: no entry changes what is
  // before the smallest offset, so the entry that has it finds its place, and those after it.
  static Result<void> put_rewritten(DocumentBuilder& to, const Element& before,
                                    const Element& change) {
    const auto offset = change.inside().find("o");
    const auto bytes = change.inside().find("d");
    const bool is_one = offset && offset->integer() && bytes && bytes->holds(BsonType::binary);
    if (!is_one || *offset->integer() < 0) return no_diff("the new end of a binary value");
    const bool has_place =
        before.holds(BsonType::binary) &&
        std::cmp_less_equal(*offset->integer(), before.value.size() - kBinaryHead);
    if (!has_place) {
      to.element(before);
      return {};
    }
    const auto kept =
        before.value.subspan(kBinaryHead, static_cast<std::size_t>(*offset->integer()));
    const auto added = bytes->value.subspan(kBinaryHead);
    ByteWriter whole;
    whole.u32(static_cast<std::uint32_t>(kept.size() + added.size()));
    whole.u8(before.value[kBinaryHead - 1]).raw(kept).raw(added);
    to.element(before.key, Element{BsonType::binary, before.key, whole.bytes(), {}});
    return check_size(to);
  }

  Result<void> put_nested(DocumentBuilder& to, const Element& before, const Element& diff) const {
    const auto inner = diff.inside();
    const bool of_array = inner.is_true_at(kIsArray);
    if (of_array && before.holds(BsonType::array))
      to.array(before.key, TRY(to_array(before.inside(), inner)));
    else if (!of_array && before.holds(BsonType::document))
      to.document(before.key, TRY(to_document(before.inside(), inner)));
    else
      to.null(before.key);
    return check_size(to);
  }

  // Elements before the new length stay, changed where the difference says so; an array that is too
  // short is filled with null.
  Result<Bytes> to_array(DocumentView array, DocumentView diff) const {
    const auto changes = TRY(read_array_changes(diff));
    auto next = changes.changes.begin();
    DocumentBuilder builder;
    std::size_t index = 0;
    for (auto element : array) {
      if (changes.length && index == *changes.length) break;
      const auto key = std::to_string(index);
      element.key = key;
      const bool changed = next != changes.changes.end() && next->index == index;
      if (changed)
        TRY(put_changed(builder, element, (next++)->change));
      else
        builder.element(key, element);
      ++index;
    }
    TRY(fill(builder, index, {next, changes.changes.end()}, changes.length.value_or(0)));
    return builder.take();
  }

  Result<void> put_changed(DocumentBuilder& to, const Element& before,
                           const FieldChange& change) const {
    if (change.change == Change::nested) return put_nested(to, before, change.value);
    to.element(before.key, change.value);
    return {};
  }

  static Result<void> fill(DocumentBuilder& to, std::size_t index,
                           std::span<const ArrayChange> rest, std::size_t length) {
    for (; index < length || !rest.empty(); ++index) {
      const auto key = std::to_string(index);
      const bool here = !rest.empty() && rest.front().index == index;
      if (here && rest.front().change.change == Change::updated)
        to.element(key, rest.front().change.value);
      else
        to.null(key);
      if (here) rest = rest.subspan(1);
      TRY(check_size(to));
    }
    return {};
  }

  PresentField present_;
};

}  // namespace

Result<Bytes> apply_diff(DocumentView document, DocumentView diff, PresentField present) {
  auto applied = TRY(DiffApplier(present).to_document(document, diff));
  if (applied.size() > kMaxDocument) return no_diff("its result is larger than a document");
  return applied;
}

}  // namespace lifeboat::engine::mongodb
