#include "engine/mongodb/log_window.h"

#include <algorithm>

#include "engine/log_trouble.h"
#include "engine/mongodb/joined_reader.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kMark = "log";
constexpr std::int32_t kWindowVersion = 1;

class WindowReader final : public JoinedReader {
 public:
  // Without a copy it holds nothing but its end.
  WindowReader(std::optional<LogCopy> copy, WindowEnd end, LogOrigin origin, Window& window)
      : copy_(std::move(copy)), end_(std::move(end)), origin_(std::move(origin)), window_(window) {}

 private:
  Result<ByteView> next_piece() override {
    if (is_closed_) return ByteView();
    if (copy_) {
      auto entry = copy_->next();
      if (entry && !entry->empty()) return entry;
      // What is wrong with the log says something of the window, not of the copy.
      if (entry)
        TRY(close());
      else if (is_about_the_log(entry.error()) || !window_.is_needed)
        window_.broken = entry.error().message();
      else
        return entry;
    }
    is_closed_ = true;
    last_ = encode_window_end(end_);
    return ByteView(last_);
  }

  // What was copied under a name may be what had another one when the window began.
  Result<void> close() {
    auto manifest = TRY(copy_->finish(origin_, std::nullopt));
    if (copy_->has_rename() && manifest.last.at.ts > end_.known) {
      window_.broken = "a collection was renamed while it was copied";
      return {};
    }
    manifest.known_until = std::max(manifest.known_until, window_.known_until);
    end_.complete = true;
    end_.last = manifest.last.at.ts;
    window_.manifest = std::move(manifest);
    return {};
  }

  std::optional<LogCopy> copy_;
  WindowEnd end_;
  LogOrigin origin_;
  Window& window_;
  Bytes last_;
  bool is_closed_ = false;
};

// An empty log after one that was not is another log: its end is not found.
Result<LogPoint> end_of(const WindowRequest& request, Window& window) {
  const auto connection = request.server.connect();
  if (request.moment) {
    window.known_until = *request.moment;
    return TRY(ask_log_at(connection, *request.moment)).value_or(LogPoint{});
  }
  const auto after = TRY(ask_log_end(connection, request.facts));
  window.known_until = after ? after->known_until : request.before.known_until;
  return after ? after->newest : request.before.newest;
}

Result<LogCopy> copy_of(const WindowRequest& request, Timestamp known, Window& window) {
  const auto& before = request.before;
  LogRange range;
  range.begin = before.begin;
  if (before.begin == before.newest.at.ts) range.first = before.newest;
  range.end = TRY(end_of(request, window));
  range.database = request.database;
  range.known = known;
  return LogCopy::begin(request.server, std::move(range));
}

Result<Dialect> dialect_named(std::string_view name) {
  if (name == "mongodb") return Dialect::mongodb;
  if (name == "ferretdb") return Dialect::ferretdb;
  return fail(Code::unsupported_format, "the log of a snapshot is in an unknown dialect");
}

}  // namespace

Bytes encode_window_end(const WindowEnd& end) {
  return DocumentBuilder()
      .text("lifeboat", kMark)
      .int32("version", kWindowVersion)
      .text("database", end.database)
      .text("dialect", end.dialect == Dialect::mongodb ? "mongodb" : "ferretdb")
      .boolean("complete", end.complete)
      .timestamp("last", end.last)
      .timestamp("known", end.known)
      .take();
}

Result<std::optional<WindowEnd>> decode_window_end(DocumentView document) {
  const auto first = document.begin();
  if (first == document.end() || first->key != "lifeboat") return std::nullopt;
  const auto version = document.find("version");
  if (first->text() != kMark || !version || version->integer() != kWindowVersion)
    return fail(Code::unsupported_format, "the log of a snapshot is of a newer version");
  const auto database = document.text_at("database");
  const auto last = document.find("last");
  if (!database || !last || !last->timestamp())
    return fail(Code::corrupt, "the end of the log of a snapshot is not whole");
  WindowEnd end;
  end.database = *database;
  end.dialect = TRY(dialect_named(document.text_at("dialect").value_or("")));
  end.complete = document.is_true_at("complete");
  end.last = *last->timestamp();
  if (const auto known = document.find("known")) end.known = known->timestamp().value_or(end.known);
  return end;
}

Result<std::unique_ptr<Reader>> open_window(const WindowRequest& request, Window& window) {
  const auto known = request.moment.value_or(request.before.newest.at.ts);
  WindowEnd end{request.database, dialect_of(request.facts), false, known, {}};
  window.is_needed = !request.moment;
  const auto origin = TRY(ask_origin(request.server.connect(), request.facts));
  auto copy = copy_of(request, known, window);
  if (!copy && window.is_needed) return fail(std::move(copy).error());
  if (!copy) window.broken = copy.error().message();
  return std::make_unique<WindowReader>(copy ? std::optional(std::move(*copy)) : std::nullopt,
                                        std::move(end), origin, window);
}

Dialect dialect_of(const ServerFacts& server) {
  return server.ferretdb.empty() ? Dialect::mongodb : Dialect::ferretdb;
}

}  // namespace lifeboat::engine::mongodb
