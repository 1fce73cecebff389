#pragma once
// collections_metadata.json: the options of each collection, by name; and what a view is in the
// lines of system.views. Pure functions.
#include <map>
#include <string>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/extended_json.h"

namespace lifeboat::exchange::jsonl {

using OptionsByName = std::map<std::string, Bytes>;

// Numbers as plain JSON, for scripts that read it so. `incomplete` names the collection whose
// options Extended JSON cannot carry, where that is refused.
Result<std::string> encode_options(const OptionsByName& options, engine::mongodb::Lossy lossy);
// `corrupt` for anything that is not {name: {…}, …}.
Result<OptionsByName> decode_options(std::string_view json);

// A collection as a catalog has it; what its options say decides of which kind it is.
Result<engine::mongodb::Collection> collection_with(const std::string& name, ByteView options);

// {_id: "shop.cheap", viewOn, pipeline …}, and back: the name and the options.
Bytes view_line(const std::string& database, const engine::mongodb::Collection& view);
struct ViewOptions {
  std::string name;
  Bytes options;
};
Result<ViewOptions> view_of_line(engine::mongodb::DocumentView line);

}  // namespace lifeboat::exchange::jsonl
