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
constexpr std::size_t kDeepest = 8;  // folders above the dump, with nothing else
constexpr std::size_t kMostFiles = 200'000;
constexpr std::string_view kBson = ".bson";
constexpr std::string_view kMetadata = ".metadata.json";
constexpr std::string_view kGzip = ".gz";

using TakePiece = std::function<Result<void>(ByteView piece)>;

Result<FileDescriptor> open_plain(const fs::path& path) {
  if (fs::is_symlink(fs::symlink_status(path)))
    return fail(Code::refused, path.string() + " is a link, which is not followed");
  auto file = TRY(open_file(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Code::refused, path.string() + " is no file");
  return file;
}

// Decoded where it is compressed, whatever it is called.
Result<std::unique_ptr<TarStream>> open_decoded(const FileDescriptor& file) {
  const auto packing = TRY(engine::foreign::packing_of(file));
  return TarStream::open(file, packing == "zip" ? "tar" : packing);
}

// The bytes of the files of a dump, as many as it may hold.
class DumpBytes {
 public:
  DumpBytes(const DumpPlace& dump, const RunContext& context) : dump_(dump), context_(context) {}

  Result<void> each(const fs::path& path, const TakePiece& take) {
    const auto file = TRY(open_plain(path));
    const auto stream = TRY(open_decoded(file));
    Bytes piece(kPieceOfDump);
    for (;;) {
      TRY(context_.check_stop());
      const auto size = TRY(stream->read(piece));
      if (size == 0) return {};
      TRY(count(size));
      TRY(engine::foreign::check_ratio(stream->bytes_in(), stream->bytes_out()));
      TRY(take(ByteView(piece).first(size)));
      context_.progress.advance(size, 0);
    }
  }

 private:
  Result<void> count(std::uint64_t size) {
    read_ += size;
    if (read_ > dump_.most_bytes)
      return fail(
          Error(Code::refused, "the dump unpacks to more than " + describe_size(dump_.most_bytes))
              .with_hint("If that is right, allow more with unpacked: {bytes}."));
    if (read_ > dump_.room)
      return fail(Code::no_space, "the dump needs more than the " + describe_size(dump_.room) +
                                      " that there is room for");
    return {};
  }

  const DumpPlace& dump_;
  const RunContext& context_;
  std::uint64_t read_ = 0;
};

Result<void> visit_archive(const fs::path& path, ArchiveVisitor& visitor, DumpBytes& bytes) {
  ArchiveReader reader;
  bool is_empty = true;
  TRY(bytes.each(path, [&](ByteView piece) {
    is_empty = false;
    return reader.feed(piece, visitor);
  }));
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
  FolderDump(ArchiveVisitor& visitor, DumpBytes& bytes) : visitor_(visitor), bytes_(bytes) {}

  Result<void> run(const DumpPlace& given) {
    TRY(visitor_.head({}));
    const auto folder = TRY(without_outer(given.path));
    if (const auto of_one = TRY(of_one_database(given)); !of_one.empty()) {
      TRY(visit_database(folder, of_one.filename().string()));
      TRY(visit_log(of_one.parent_path()));
    } else {
      for (const auto& name : TRY(names_in(folder)))
        if (fs::is_directory(fs::symlink_status(folder / name)))
          TRY_CONTEXT(name, visit_database(folder / name, name));
      TRY(visit_log(folder));
    }
    if (found_ != 0) return {};
    return fail(Error(Code::unsupported_format, "this is no folder of mongodump")
                    .with_hint("It holds a folder for each database, with .bson files."));
  }

  static Result<fs::path> of_one_database(const DumpPlace& given) {
    if (!is_database(TRY(names_in(given.path)))) return fs::path();
    return given.was_at.empty() ? real_path(given.path) : given.was_at;
  }

 private:
  static bool is_database(const std::set<std::string>& names) {
    return std::ranges::any_of(
        names, [](const auto& name) { return without_suffix(name, kGzip).ends_with(kMetadata); });
  }

  static bool holds_documents(const std::set<std::string>& names) {
    return is_database(names) || std::ranges::any_of(names, [](const auto& name) {
             return without_suffix(name, kGzip).ends_with(kBson);
           });
  }

  // A tar often holds the folder in which the dump is, and nothing beside it.
  static Result<fs::path> without_outer(fs::path folder) {
    for (std::size_t depth = 0; depth < kDeepest; ++depth) {
      const auto names = TRY(names_in(folder));
      if (names.size() != 1) break;
      const auto only = folder / *names.begin();
      if (!fs::is_directory(fs::symlink_status(only)) || holds_documents(TRY(names_in(only))))
        break;
      folder = only;
    }
    return folder;
  }

  static Result<std::set<std::string>> names_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code error;
    fs::directory_iterator each(folder, error);
    for (; !error && each != fs::directory_iterator(); each.increment(error)) {
      std::error_code unseen;
      if (each->is_symlink(unseen))
        return fail(Code::refused, each->path().string() + " is a link, which is not followed");
      names.insert(each->path().filename().string());
      if (names.size() > kMostFiles) return fail(Code::refused, "there are too many files");
    }
    if (error) return fail_errno(error.value(), "cannot read " + folder.string());
    return names;
  }

  static Result<fs::path> real_path(const fs::path& folder) {
    std::error_code error;
    auto real = fs::canonical(folder, error);
    if (error) return fail_errno(error.value(), "cannot see " + folder.string());
    return real;
  }

  Result<void> visit_database(const fs::path& folder, const std::string& database) {
    const auto names = TRY(names_in(folder));
    std::set<std::string> stems;
    for (const auto& name : names) {
      const auto plain = without_suffix(name, kGzip);
      if (plain.ends_with(kMetadata)) stems.insert(without_suffix(plain, kMetadata));
      if (plain.ends_with(kBson)) stems.insert(without_suffix(plain, kBson));
    }
    for (const auto& stem : stems) TRY_CONTEXT(stem, visit_collection(folder, database, stem));
    return {};
  }

  static Result<bool> is_there(const fs::path& file) {
    std::error_code error;
    const auto type = fs::symlink_status(file, error).type();
    if (type == fs::file_type::none)
      return fail_errno(error.value(), "cannot see " + file.string());
    return type != fs::file_type::not_found;
  }

  // One file or its gzip; empty when neither is there.
  static Result<fs::path> one_of(const fs::path& folder, const std::string& name) {
    const auto plain = folder / name;
    const auto compressed = folder / (name + std::string(kGzip));
    const bool is_plain = TRY(is_there(plain));
    const bool is_compressed = TRY(is_there(compressed));
    if (is_plain && is_compressed)
      return fail(Error(Code::corrupt, name + " is there plain and compressed: which one counts "
                                              "is not known")
                      .with_hint("Take the older one out of " + folder.string() +
                                 ", and let mongodump write into an empty folder."));
    if (is_compressed) return compressed;
    return is_plain ? plain : fs::path();
  }

  Result<void> visit_collection(const fs::path& folder, const std::string& database,
                                const std::string& stem) {
    ++found_;
    ArchiveCollection about{database, TRY(unescape_file_name(stem)), "", ""};
    const auto metadata = TRY(one_of(folder, stem + std::string(kMetadata)));
    if (!metadata.empty()) TRY(read_metadata(metadata, about));
    TRY(visitor_.collection(about));
    return visit_documents(TRY(one_of(folder, stem + std::string(kBson))), about);
  }

  // Long names are cut in the names of files, and whole in here.
  Result<void> read_metadata(const fs::path& file, ArchiveCollection& about) {
    TRY(bytes_.each(file, [&](ByteView piece) -> Result<void> {
      about.metadata += to_text(piece);
      return metadata_.add(piece.size());
    }));
    const auto document =
        TRY_CONTEXT("the metadata", engine::mongodb::from_extended_json(about.metadata));
    const auto view = engine::mongodb::view_document(document);
    about.type = type_in(view);
    if (const auto name = view.text_at("collectionName")) about.collection = *name;
    return {};
  }

  Result<void> visit_documents(const fs::path& file, const ArchiveCollection& about) {
    if (!file.empty() && about.is_series()) return refuse_without_buckets(about);
    const bool has_none = about.is_series() || about.type == "view";
    if (file.empty() && !has_none)
      return fail(Code::corrupt, "its metadata is there, and its documents are not");
    BsonReader reader;
    if (!file.empty())
      TRY(bytes_.each(file, [&](ByteView piece) {
        return reader.feed(
            piece, [&](DocumentView document) { return visitor_.document(about, document); });
      }));
    TRY(reader.finish());
    return visitor_.complete(about, reader.documents());
  }

  // The log is beside the folders of the databases, never in one: there it is a collection.
  Result<void> visit_log(const fs::path& folder) {
    const auto file = TRY(one_of(folder, "oplog.bson"));
    if (file.empty()) return {};
    const ArchiveCollection log{"", "oplog", "", ""};
    TRY(visitor_.collection(log));
    return visit_documents(file, log);
  }

  ArchiveVisitor& visitor_;
  DumpBytes& bytes_;
  MetadataBound metadata_;
  std::size_t found_ = 0;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<void> visit_dump(const DumpPlace& dump, ArchiveVisitor& visitor, const RunContext& context) {
  DumpBytes bytes(dump, context);
  const bool is_folder = fs::is_directory(fs::symlink_status(dump.path));
  const auto visited =
      is_folder ? FolderDump(visitor, bytes).run(dump) : visit_archive(dump.path, visitor, bytes);
  TRY_CONTEXT(dump.path.string(), visited);
  return {};
}

Result<fs::path> folder_of_one(const DumpPlace& dump) {
  if (!fs::is_directory(fs::symlink_status(dump.path))) return fs::path();
  return FolderDump::of_one_database(dump);
}

std::string_view type_in(DocumentView metadata) {
  const auto type = metadata.text_at("type").value_or("");
  if (!type.empty()) return type;
  const auto options = metadata.document_at("options").value_or(DocumentView());
  if (options.find("viewOn")) return "view";
  return options.find("timeseries") ? "timeseries" : "collection";
}

Result<bool> is_archive(const fs::path& file) {
  const auto opened = TRY(open_plain(file));
  const auto stream = TRY(open_decoded(opened));
  Bytes start(sizeof(kArchiveMagic));
  start.resize(TRY(stream->read(start)));
  return ByteReader(start).u32().value_or(0) == kArchiveMagic;
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
