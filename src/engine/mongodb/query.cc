#include "engine/mongodb/query.h"

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "engine/mongodb/bson_layout.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr Duration kQueryTime = std::chrono::minutes(5);
constexpr std::uint32_t kQueryBatch = 1000;

Failure not_accepted(const std::string& why) {
  return Failure(Error(Code::usage, "the query is not accepted: " + why)
                     .with_hint("A filter or a pipeline in Extended JSON over one collection; "
                                "nothing that writes is run."));
}

bool writes(DocumentView stage) { return stage.find("$out") || stage.find("$merge"); }

Result<Bytes> count_command(DocumentView question) {
  const auto filter = question.document_at("query");
  if (!filter) return not_accepted("count needs a query, which may be {}");
  return DocumentBuilder()
      .element(*question.find("count"))
      .document("query", filter->bytes())
      .int64("maxTimeMS", whole_milliseconds(kQueryTime))
      .take();
}

Result<Bytes> aggregate_command(DocumentView question) {
  const auto pipeline = question.find("pipeline");
  if (!pipeline || !pipeline->holds(BsonType::array))
    return not_accepted("aggregate needs a pipeline, which is a list of stages");
  for (const auto& stage : pipeline->inside())
    if (writes(stage.inside())) return not_accepted("a stage of the pipeline writes");
  return DocumentBuilder()
      .element(*question.find("aggregate"))
      .element(*pipeline)
      .document("cursor", DocumentBuilder().int32("batchSize", kQueryBatch).take())
      .int64("maxTimeMS", whole_milliseconds(kQueryTime))
      .take();
}

// RFC 3339 has four digits for the year; a date beyond is no time that anybody wrote down.
Json time_text(const Element& date) {
  const auto value = static_cast<std::int64_t>(little_endian_64(date.value));
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  if (value < -kYear10000 || value >= kYear10000) return value;
  return to_rfc3339(Time(std::chrono::milliseconds(value)));
}

Row row_of(DocumentView document) {
  Row row;
  Json id;
  for (const auto& each : document) {
    if (each.key == "_id")
      id = json_of(each);
    else
      row.push_back(json_of(each));
  }
  if (row.empty()) row.push_back(std::move(id));
  return row;
}

// The element at the end of a path through documents.
std::optional<Element> at_path(DocumentView document, std::string_view path) {
  const auto dot = std::min(path.find('.'), path.size());
  const auto element = document.find(path.substr(0, dot));
  if (!element || dot == path.size()) return element;
  return at_path(element->inside(), path.substr(dot + 1));
}

std::string_view folder_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

// Which documents the fields are read from, and what they are called there.
class Shape {
 public:
  explicit Shape(const std::vector<std::string>& fields) {
    const auto first = std::ranges::find_if(fields, [](const auto& each) { return !each.empty(); });
    for (folder_ = first == fields.end() ? "" : folder_of(*first); !shared(fields);)
      folder_ = folder_of(folder_);
    for (const auto& field : fields)
      leaves_.push_back(field.empty() || folder_.empty() ? field
                                                         : field.substr(folder_.size() + 1));
  }

  Result<void> rows_of(DocumentView document,
                       const std::function<Result<void>(const Row&)>& visit) const {
    return descend(document, folder_, visit);
  }

 private:
  bool shared(const std::vector<std::string>& fields) const {
    return folder_.empty() || std::ranges::all_of(fields, [&](const auto& field) {
             return field.empty() || field.starts_with(std::string(folder_) + ".");
           });
  }

  Result<void> descend(DocumentView document, std::string_view path,
                       const std::function<Result<void>(const Row&)>& visit) const {
    if (path.empty()) return visit(row_of_leaves(document));
    const auto dot = std::min(path.find('.'), path.size());
    const auto element = document.find(path.substr(0, dot));
    const auto rest = dot == path.size() ? std::string_view() : path.substr(dot + 1);
    if (!element || element->holds(BsonType::null)) return {};
    if (!element->holds(BsonType::array)) return descend(element->inside(), rest, visit);
    for (const auto& each : element->inside()) TRY(descend(each.inside(), rest, visit));
    return {};
  }

  Row row_of_leaves(DocumentView document) const {
    Row row;
    for (const auto& leaf : leaves_) {
      const auto element = leaf.empty() ? std::nullopt : at_path(document, leaf);
      row.push_back(element ? json_of(*element) : Json());
    }
    return row;
  }

  std::string_view folder_;  // of the caller's fields
  std::vector<std::string> leaves_;
};

Bytes projection_of(const std::vector<std::string>& fields) {
  DocumentBuilder projection;
  for (const auto& field : fields)
    if (!field.empty()) projection.int32(field, 1);
  return projection.take();
}

}  // namespace

Json json_of(const Element& element) {
  if (const auto text = element.text(); text && element.holds(BsonType::string))
    return is_utf8(*text) ? Json(*text) : Json({{"bytes", to_hex(view_of(*text))}});
  if (element.holds(BsonType::boolean)) return element.is_true();
  if (element.holds(BsonType::date)) return time_text(element);
  if (element.holds(BsonType::object_id)) return to_hex(element.value);
  if (const auto integer = element.integer(); integer && !element.holds(BsonType::number_double))
    return *integer;
  if (const auto number = element.number()) return *number;
  if (element.holds(BsonType::null)) return nullptr;
  const auto wrapped = DocumentBuilder().element("v", element).take();
  const auto text = DocumentView::check(wrapped).and_then(
      [](DocumentView view) { return to_extended_json(view, Lossy::escaped); });
  const auto json = text ? parse_json(text->text) : Result<Json>(Json());
  if (!json || !json->contains("v")) return nullptr;
  return json->at("v");
}

Result<void> each_document(const Asked& asked, const Bytes& command,
                           const std::function<Result<bool>(DocumentView)>& visit,
                           const RunContext& context) {
  auto cursor = TRY(asked.connection.open_cursor(asked.database, command, kQueryBatch));
  for (;;) {
    TRY(context.check_stop());
    const auto document = TRY(cursor.next());
    if (document.empty()) return {};
    if (!TRY(visit(TRY(DocumentView::check(document))))) return {};
  }
}

Result<std::vector<Row>> run_query(const Asked& asked, const std::string& text, std::size_t limit,
                                   const RunContext& context) {
  auto parsed = from_extended_json(text);
  if (!parsed) return not_accepted(parsed.error().message());
  const auto question = TRY(DocumentView::check(*parsed));
  if (const auto counted = question.find("count"); counted && counted->text()) {
    const auto reply = TRY(asked.connection.command(asked.database, TRY(count_command(question))));
    const auto number = TRY(DocumentView::check(reply)).find("n");
    if (!number) return fail(Code::corrupt, "the server counted nothing");
    return std::vector<Row>{{json_of(*number)}};
  }
  const auto aggregated = question.find("aggregate");
  if (!aggregated || !aggregated->text()) return not_accepted("it is no count and no aggregate");
  std::vector<Row> rows;
  TRY(each_document(
      asked, TRY(aggregate_command(question)),
      [&](DocumentView document) -> Result<bool> {
        rows.push_back(row_of(document));
        return rows.size() < limit;
      },
      context));
  return rows;
}

Result<void> select_rows(const Asked& asked, const Selection& selection,
                         const std::function<Result<void>(const Row&)>& visit,
                         const RunContext& context) {
  DocumentBuilder command;
  command.text("find", selection.table);
  if (!selection.where.empty()) {
    auto filter = from_extended_json(selection.where);
    if (!filter) return not_accepted(filter.error().message());
    command.document("filter", *filter);
  }
  command.document("projection", projection_of(selection.fields));
  command.int32("batchSize", kQueryBatch);
  const Shape shape(selection.fields);
  return each_document(
      asked, command.take(),
      [&](DocumentView document) -> Result<bool> {
        TRY(shape.rows_of(document, visit));
        return true;
      },
      context);
}

Result<Json> newest_value(const Asked& asked, const std::string& collection,
                          const std::string& field) {
  auto command = DocumentBuilder()
                     .text("find", collection)
                     .document("sort", DocumentBuilder().int32(field, -1).take())
                     .document("projection", DocumentBuilder().int32(field, 1).take())
                     .int32("limit", 1)
                     .int64("maxTimeMS", whole_milliseconds(kQueryTime))
                     .take();
  auto cursor = TRY(asked.connection.open_cursor(asked.database, command, 1));
  const auto document = TRY(cursor.next());
  if (document.empty()) return Json();
  const auto value = at_path(TRY(DocumentView::check(document)), field);
  return value ? json_of(*value) : Json();
}

}  // namespace lifeboat::engine::mongodb
