#include <set>
#include <vector>

#include "base/json_value.h"

namespace lifeboat {
namespace {

constexpr int kMaxDepth = 64;

// Watches a parse for nesting and duplicate keys, which the library itself lets pass.
class Guard {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMaxDepth) too_deep_ = true;
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second)
      duplicate_ = true;
    return true;
  }
  bool refused() const { return too_deep_ || duplicate_; }

 private:
  std::vector<std::set<std::string>> keys_;
  bool too_deep_ = false;
  bool duplicate_ = false;
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return fail(Code::corrupt, "JSON text over its size limit");
  Guard guard;
  auto value = Json::parse(text.begin(), text.end(), std::ref(guard), false);
  if (value.is_discarded()) return fail(Code::corrupt, "not valid JSON");
  if (guard.refused()) return fail(Code::corrupt, "JSON nested too deeply or with a key twice");
  return value;
}

std::string canonical_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string pretty_json(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

Result<const Json*> member(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end())
    return fail(Code::corrupt, "missing member \"" + std::string(key) + "\"");
  return &*found;
}

Result<std::string> text_at(const Json& object, std::string_view key) {
  const Json* value = TRY(member(object, key));
  if (!value->is_string()) return fail(Code::corrupt, "\"" + std::string(key) + "\" is not a text");
  return value->get<std::string>();
}

Result<std::int64_t> number_at(const Json& object, std::string_view key) {
  const Json* value = TRY(member(object, key));
  const bool fits = value->is_number_unsigned()
                        ? value->get<std::uint64_t>() <= INT64_MAX
                        : value->is_number_integer() && value->get<std::int64_t>() >= 0;
  if (!fits) return fail(Code::corrupt, "\"" + std::string(key) + "\" is not a whole number");
  return value->get<std::int64_t>();
}

}  // namespace lifeboat
