#include "exchange/mongodump/dump.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "engine/foreign/tar_stream.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/extended_json.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::foreign::TarStream;
using engine::mongodb::BsonReader;
using engine::mongodb::DocumentView;

constexpr std::size_t kPieceOfDump = 1U << 20U;
constexpr std::size_t kLargestText = 64U << 20U;
constexpr std::size_t kMostFiles = 200'000;
constexpr std::string_view kBson = ".bson";
constexpr std::string_view kMetadata = ".metadata.json";
constexpr std::string_view kGzip = ".gz";

using TakePiece = std::function<Result<void>(ByteView piece)>;

Result<bool> is_gzip(const FileDescriptor& file) {
  Bytes start(2);
  start.resize(TRY(read_at(file.get(), 0, start)));
  return start.size() == 2 && start[0] == 0x1f && start[1] == 0x8b;
}

// The bytes of a file, decoded where they are gzip, whatever it is called.
Result<void> each_piece(const fs::path& path, const TakePiece& take, const RunContext& context) {
  const auto file = TRY(open_file(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Code::refused, path.string() + " is no file");
  const auto stream = TRY(TarStream::open(file, TRY(is_gzip(file)) ? "tar.gz" : "tar"));
  Bytes piece(kPieceOfDump);
  for (;;) {
    TRY(context.check_stop());
    const auto size = TRY(stream->read(piece));
    if (size == 0) return {};
    TRY(take(ByteView(piece).first(size)));
    context.progress.advance(size, 0);
  }
}

Result<void> visit_archive(const fs::path& path, ArchiveVisitor& visitor,
                           const RunContext& context) {
  ArchiveReader reader;
  bool is_empty = true;
  TRY(each_piece(
      path,
      [&](ByteView piece) {
        is_empty = false;
        return reader.feed(piece, visitor);
      },
      context));
  if (is_empty) return fail(Code::corrupt, "the archive is empty");
  return reader.finish();
}

std::string without_suffix(std::string name, std::string_view suffix) {
  if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  return name;
}

// A folder of mongodump: folders of databases, or the folder of one.
class FolderDump {
 public:
  FolderDump(ArchiveVisitor& visitor, const RunContext& context)
      : visitor_(visitor), context_(context) {}

  Result<void> run(const fs::path& folder) {
    TRY(visitor_.head({}));
    const auto names = TRY(names_in(folder));
    const bool is_database = std::ranges::any_of(
        names, [](const auto& name) { return without_suffix(name, kGzip).ends_with(kMetadata); });
    if (is_database) {
      TRY(visit_database(folder));
    } else {
      for (const auto& name : names)
        if (fs::is_directory(fs::symlink_status(folder / name)))
          TRY_CONTEXT(name, visit_database(folder / name));
    }
    TRY(visit_log(folder, names));
    if (found_ != 0) return {};
    return fail(Error(Code::unsupported_format, "this is no folder of mongodump")
                    .with_hint("It holds a folder for each database, with .bson files."));
  }

 private:
  static Result<std::set<std::string>> names_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code error;
    fs::directory_iterator each(folder, error);
    for (; !error && each != fs::directory_iterator(); each.increment(error)) {
      names.insert(each->path().filename().string());
      if (names.size() > kMostFiles) return fail(Code::refused, "there are too many files");
    }
    if (error) return fail_errno(error.value(), "cannot read " + folder.string());
    return names;
  }

  Result<void> visit_database(const fs::path& folder) {
    const auto names = TRY(names_in(folder));
    std::set<std::string> stems;
    for (const auto& name : names) {
      const auto plain = without_suffix(name, kGzip);
      if (plain.ends_with(kMetadata)) stems.insert(without_suffix(plain, kMetadata));
      if (plain.ends_with(kBson) && plain != "oplog.bson")
        stems.insert(without_suffix(plain, kBson));
    }
    auto database = folder.filename().string();
    if (database.empty()) database = folder.parent_path().filename().string();
    for (const auto& stem : stems) TRY_CONTEXT(stem, visit_collection(folder, database, stem));
    return {};
  }

  // One file or its gzip; empty when neither is there.
  static fs::path one_of(const fs::path& folder, const std::string& name) {
    for (const auto& each : {name, name + std::string(kGzip)})
      if (fs::exists(fs::symlink_status(folder / each))) return folder / each;
    return {};
  }

  Result<void> visit_collection(const fs::path& folder, const std::string& database,
                                const std::string& stem) {
    ++found_;
    ArchiveCollection about{database, TRY(unescape_file_name(stem)), "", ""};
    const auto metadata = one_of(folder, stem + std::string(kMetadata));
    if (!metadata.empty()) TRY(read_metadata(metadata, about));
    TRY(visitor_.collection(about));
    return visit_documents(one_of(folder, stem + std::string(kBson)), about);
  }

  // Long names are cut in the names of files, and whole in here.
  Result<void> read_metadata(const fs::path& file, ArchiveCollection& about) {
    TRY(each_piece(
        file,
        [&](ByteView piece) -> Result<void> {
          about.metadata += to_text(piece);
          if (about.metadata.size() <= kLargestText) return {};
          return fail(Code::corrupt, "the metadata is impossibly large");
        },
        context_));
    const auto document =
        TRY_CONTEXT("the metadata", engine::mongodb::from_extended_json(about.metadata));
    const auto view = engine::mongodb::view_document(document);
    about.type = view.text_at("type").value_or("");
    if (const auto name = view.text_at("collectionName")) about.collection = *name;
    return {};
  }

  Result<void> visit_documents(const fs::path& file, const ArchiveCollection& about) {
    if (file.empty() && about.type != "view")
      return fail(Code::corrupt, "its metadata is there, and its documents are not");
    BsonReader reader;
    if (!file.empty())
      TRY(each_piece(
          file,
          [&](ByteView piece) {
            return reader.feed(
                piece, [&](DocumentView document) { return visitor_.document(about, document); });
          },
          context_));
    TRY(reader.finish());
    return visitor_.complete(about, reader.documents());
  }

  Result<void> visit_log(const fs::path& folder, const std::set<std::string>& names) {
    if (!names.contains("oplog.bson") && !names.contains("oplog.bson.gz")) return {};
    const ArchiveCollection log{"", "oplog", "", ""};
    TRY(visitor_.collection(log));
    return visit_documents(one_of(folder, "oplog.bson"), log);
  }

  ArchiveVisitor& visitor_;
  const RunContext& context_;
  std::size_t found_ = 0;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<void> visit_dump(const fs::path& path, ArchiveVisitor& visitor, const RunContext& context) {
  const bool is_folder = fs::is_directory(fs::symlink_status(path));
  const auto visited =
      is_folder ? FolderDump(visitor, context).run(path) : visit_archive(path, visitor, context);
  TRY_CONTEXT(path.string(), visited);
  return {};
}

Result<std::string> unescape_file_name(std::string_view name) {
  std::string plain;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] != '%') {
      plain += name[at] == '+' ? ' ' : name[at];
      continue;
    }
    const int high = at + 1 < name.size() ? hex_digit(name[at + 1]) : -1;
    const int low = at + 2 < name.size() ? hex_digit(name[at + 2]) : -1;
    if (high < 0 || low < 0)
      return fail(Code::corrupt, "the name of a file is not as mongodump writes it");
    plain += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return plain;
}

}  // namespace lifeboat::exchange::mongodump
