// What an archive of the JSONL scripts may hold: the options of collections, lines of views, the
// names of files, and renames; and how a JSON text is laid out.
#include <algorithm>

#include "engine/mongodb/json_layout.h"
#include "exchange/jsonl/csv.h"
#include "exchange/jsonl/metadata.h"
#include "exchange/jsonl/names.h"
#include "exchange/jsonl/survey.h"
#include "fuzz/fuzz.h"

namespace lifeboat::exchange::jsonl {
namespace {

void read_options(std::string_view text) {
  const auto options = decode_options(text);
  if (!options) return;
  for (const auto& [name, document] : *options) (void)collection_with(name, document);
  const auto again = encode_options(*options, engine::mongodb::Lossy::escaped);
  if (!again) return;  // a name that is not UTF-8
  const auto back = decode_options(*again);
  fuzz::promise(back.has_value(), "options that were written can be read");
  fuzz::promise(back->size() == options->size(), "no collection is lost");
}

void read_view(ByteView bytes) {
  const auto line = engine::mongodb::DocumentView::check(bytes);
  if (!line) return;
  (void)view_of_line(*line);
  const auto sorted = sorted_by_field(*line);
  fuzz::promise(sorted.size() == bytes.size(), "sorting fields loses none");
  fuzz::promise(sorted_by_field(engine::mongodb::view_document(sorted)) == sorted,
                "sorted fields stay");
}

// Names one on a line: first those of files, after an empty line those that the metadata knows.
void read_names(std::string_view text) {
  std::vector<std::string> stems;
  std::vector<std::string> known;
  bool is_known = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty())
      is_known = true;
    else
      (is_known ? known : stems).emplace_back(line);
  }
  const auto renames = parse_renames(stems);
  (void)name_files(stems, {known.begin(), known.end()}, renames.value_or(Renames{}));
  std::vector<std::string> written;
  for (const auto& [name, file] : file_names(known))
    written.push_back(file.substr(0, file.size() - kLinesSuffix.size()));
  const auto named = name_files(written, {known.begin(), known.end()}, {});
  if (!named) return;  // a file that may be one of several, when names look like escapes
  for (const auto& each : *named)
    fuzz::promise(std::ranges::count(known, each.name) > 0, "no name is made up");
  for (const auto& each : known) (void)csv_field(each);
}

void lay_out_twice(std::string_view text) {
  using engine::mongodb::JsonLayout;
  using engine::mongodb::lay_out;
  const auto line = lay_out(text, JsonLayout::line);
  fuzz::promise(lay_out(line, JsonLayout::line) == line, "what is laid out stays so");
  (void)lay_out(text, JsonLayout::pretty);
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::exchange::jsonl;
  switch (input.choose(4)) {
    case 0:
      return read_options(input.text());
    case 1:
      return read_view(input.rest());
    case 2:
      return read_names(input.text());
    default:
      return lay_out_twice(input.text());
  }
}
