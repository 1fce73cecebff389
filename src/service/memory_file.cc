#include "service/memory_file.h"

#include "base/file.h"

namespace lifeboat::service {

Json read_memory(const std::filesystem::path& file, std::size_t limit) {
  const auto bytes = read_file(file, limit);
  auto json = bytes ? parse_json(to_text(*bytes)) : fail(bytes.error());
  return json && json->is_object() ? std::move(*json) : Json::object();
}

Result<void> write_memory(const std::filesystem::path& file, const Json& memory) {
  TRY(make_directories(file.parent_path()));
  return write_file(file, view_of(pretty_json(memory)));
}

std::optional<Time> remembered_time(const Json& object, const char* key) {
  const auto text = object.is_object() ? text_at(object, key) : fail(Code::corrupt, "nothing");
  const auto time = text ? parse_rfc3339(*text) : fail(text.error());
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace lifeboat::service
