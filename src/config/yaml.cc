#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include <map>
#include <sstream>

namespace lifeboat::config {
namespace {

constexpr std::size_t kMostYamlBytes = 1U << 20U;
constexpr std::size_t kMostNodes = 50'000;

Mark mark_of(const YAML::Mark& mark) {
  return {static_cast<unsigned>(mark.line + 1), static_cast<unsigned>(mark.column + 1)};
}

// Ends a parse early; caught below, in this file.
struct Refused {
  Mark mark;
  std::string message;
};

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += count_nodes(item);
  for (const auto& member : node.members) count += count_nodes(member.value);
  return count;
}

// Builds the tree from the parser's events. A frame is a list or map that is still open.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  std::optional<Node> take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_)
      throw Refused{mark_of(mark), "a second document begins here; one file, one document"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(Node{.kind = Node::Kind::null,
             .mark = mark_of(mark),
             .text = {},
             .items = {},
             .members = {}},
        anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{mark_of(mark), "an alias to what is not finished yet"};
    Node copy = found->second;
    copy.mark = mark_of(mark);
    add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    add(Node{.kind = Node::Kind::scalar,
             .mark = mark_of(mark),
             .text = value,
             .items = {},
             .members = {}},
        anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node> key;  // of a map, between a key and its value
  };

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (frames_.size() >= kMostLevels) throw Refused{mark_of(mark), "nested too deeply"};
    Frame frame;
    frame.node.kind = kind;
    frame.node.mark = mark_of(mark);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    nodes_ += anchor == 0 ? 1 : count_nodes(node);
    if (nodes_ > kMostNodes) throw Refused{node.mark, "too many values for a configuration"};
    if (anchor != 0) anchors_[anchor] = node;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::list)
      frame.node.items.push_back(std::move(node));
    else if (!frame.key)
      frame.key = std::move(node);
    else
      add_member(frame, std::move(node));
  }

  void add_member(Frame& frame, Node value) {
    const Node key = std::move(*frame.key);
    frame.key.reset();
    if (key.kind != Node::Kind::scalar) throw Refused{key.mark, "a key must be a single word"};
    for (const auto& earlier : frame.node.members) {
      if (earlier.key != key.text) continue;
      problems_.error(key.mark, fmt::format("\"{}\" is given twice", key.text),
                      fmt::format("the first is on line {}", earlier.mark.line));
      return;
    }
    frame.node.members.push_back({key.text, key.mark, std::move(value)});
  }

  Problems& problems_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
  std::size_t nodes_ = 0;
};

bool is_utf8(std::string_view text) {
  std::size_t following = 0;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (following != 0) {
      if ((byte & 0xC0U) != 0x80U) return false;
      --following;
    } else if (byte >= 0x80U) {
      following = byte >= 0xF0U ? 3 : byte >= 0xE0U ? 2 : 1;
      if (byte < 0xC2U || byte > 0xF4U) return false;
    }
  }
  return following == 0;
}

struct Line {
  unsigned number = 0;
  std::string_view text;
  std::size_t indent = 0;  // spaces and tabs at its beginning
  bool blank() const { return indent == text.size(); }
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    lines.push_back({number, line, std::min(line.find_first_not_of(" \t\r"), line.size())});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A "key: |" or "- >" line: what follows, indented deeper, is text and may hold tabs.
bool opens_block_text(std::string_view line) {
  const auto end = line.find_last_not_of(" \t\r");
  if (end == std::string_view::npos) return false;
  const auto marker = line.find_last_of("|>", end);
  if (marker == std::string_view::npos || end - marker > 2 || marker == 0) return false;
  const auto flags = line.substr(marker + 1, end - marker);
  return line[marker - 1] == ' ' &&
         flags.find_first_not_of("+-123456789") == std::string_view::npos;
}

void report_tabs(std::string_view text, Problems& problems) {
  std::size_t block_indent = std::string_view::npos;
  for (const auto& line : lines_of(text)) {
    if (line.blank()) continue;
    const bool in_block_text = block_indent != std::string_view::npos && line.indent > block_indent;
    if (in_block_text) continue;
    block_indent = opens_block_text(line.text) ? line.indent : std::string_view::npos;
    const auto tab = line.text.substr(0, line.indent).find('\t');
    if (tab != std::string_view::npos)
      problems.error({line.number, static_cast<unsigned>(tab + 1)}, "a tab in the indentation",
                     "YAML is indented with spaces only");
  }
}

std::string_view line_at(std::string_view text, unsigned number) {
  for (const auto& line : lines_of(text))
    if (line.number == number) return line.text;
  return {};
}

void report_syntax(std::string_view text, const YAML::Exception& error, Problems& problems) {
  const Mark mark = mark_of(error.mark);
  const bool variable = line_at(text, mark.line).find("${") != std::string_view::npos;
  problems.error(mark, "not valid YAML: " + error.msg,
                 variable ? "put a value with ${…} in quotes" : "");
}

std::optional<Node> parse_document(std::string_view text, Problems& problems) {
  TreeBuilder builder(problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Refused& refused) {
    problems.error(refused.mark, refused.message);
  } catch (const YAML::Exception& error) {
    report_syntax(text, error, problems);
  } catch (const std::exception& error) {
    problems.error({}, std::string("not valid YAML: ") + error.what());
  }
  return std::nullopt;
}

}  // namespace

std::optional<Node> read_yaml(std::string_view text, Problems& problems) {
  if (text.size() > kMostYamlBytes) {
    problems.error({}, "over 1 MiB, which is too large for a configuration");
    return std::nullopt;
  }
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    problems.error({}, "not a text in UTF-8");
    return std::nullopt;
  }
  // The library's own words about tabs are hard to follow; these come first and alone.
  report_tabs(text, problems);
  if (problems.has_errors()) return std::nullopt;
  return parse_document(text, problems);
}

}  // namespace lifeboat::config
