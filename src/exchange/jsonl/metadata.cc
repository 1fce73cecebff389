#include "exchange/jsonl/metadata.h"

#include "base/json_value.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::Collection;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentView;
using engine::mongodb::Element;
using engine::mongodb::Lossy;

Failure no_metadata(const std::string& what) {
  return fail(Code::corrupt, "the options of the collections cannot be read: " + what);
}

std::string_view type_of(DocumentView options) {
  if (options.find("viewOn")) return "view";
  return options.find("timeseries") ? "timeseries" : "collection";
}

}  // namespace

Result<std::string> encode_options(const OptionsByName& options, Lossy lossy) {
  std::string json;
  for (const auto& [name, document] : options) {
    if (!engine::mongodb::is_utf8(name))
      return fail(Code::incomplete, "the name of a collection is not UTF-8");
    const auto text = TRY_CONTEXT(
        "the options of " + name,
        engine::mongodb::to_plain_json(engine::mongodb::view_document(document), lossy));
    json += (json.empty() ? "{\n  " : ",\n  ") + canonical_json(Json(name)) + ": " + text.text;
  }
  return json.empty() ? "{}\n" : json + "\n}\n";
}

Result<OptionsByName> decode_options(std::string_view json) {
  auto parsed = engine::mongodb::from_extended_json(json);
  if (!parsed) return no_metadata(parsed.error().message());
  OptionsByName options;
  for (const auto& each : TRY(DocumentView::check(*parsed))) {
    const std::string name(each.key);
    if (!each.holds(engine::mongodb::BsonType::document))
      return no_metadata("those of " + name + " are no object");
    auto document = TRY_CONTEXT(name, engine::mongodb::unescaped(each.inside()));
    if (!options.emplace(name, std::move(document)).second)
      return no_metadata(name + " is there twice");
  }
  return options;
}

Result<Collection> collection_with(const std::string& name, ByteView options) {
  const auto view = TRY(DocumentView::check(options));
  return engine::mongodb::check_collection(DocumentBuilder()
                                               .text("name", name)
                                               .text("type", type_of(view))
                                               .document("options", options)
                                               .take(),
                                           {});
}

Bytes view_line(const std::string& database, const Collection& view) {
  DocumentBuilder line;
  line.text("_id", database + "." + view.name);
  for (const auto& option : view.options()) line.element(option);
  return line.take();
}

Result<ViewOptions> view_of_line(DocumentView line) {
  const auto id = line.text_at("_id").value_or("");
  const auto dot = id.find('.');
  if (dot == id.npos || dot + 1 == id.size() || !line.text_at("viewOn") ||
      !line.document_at("pipeline"))
    return fail(Code::corrupt, "a line of " + std::string("system.views") + " describes no view");
  ViewOptions view{std::string(id.substr(dot + 1)), {}};
  DocumentBuilder options;
  for (const auto& each : line)
    if (each.key != "_id") options.element(each);
  view.options = options.take();
  return view;
}

}  // namespace lifeboat::exchange::jsonl
