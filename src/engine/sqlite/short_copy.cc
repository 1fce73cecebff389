#include "engine/sqlite/short_copy.h"

#include <fcntl.h>

#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::size_t kPiece = 1U << 20U;
constexpr std::uint64_t kReserve = 16U << 20U;  // left free for everybody else

Result<void> check_space(const fs::path& scratch, std::uint64_t needed) {
  const auto free = TRY(free_space(scratch));
  if (free >= space_for_copy(needed)) return {};
  return fail(Error(Code::no_space, "a copy of the database needs " + describe_size(needed) +
                                        ", but " + scratch.string() + " has " +
                                        describe_size(free) + " free")
                  .with_hint("Set TMPDIR to a place with more space, or switch the database to WAL "
                             "mode, where no copy is needed."));
}

Result<void> check_mode(const Connection& connection) {
  if (TRY(connection.text("PRAGMA main.journal_mode")) != "wal") return {};
  return fail(Error(Code::source_changed, connection.path() + " was switched to WAL mode just now")
                  .as_retryable());
}

Result<void> copy_bytes(const RawFile& from, int to, std::uint64_t size,
                        const RunContext& context) {
  Bytes piece(kPiece);
  for (std::uint64_t offset = 0; offset < size; offset += piece.size()) {
    TRY(context.check_stop());
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - offset)));
    if (TRY(from.read(offset, piece)) < piece.size())
      return fail(Code::source_changed, "the database became shorter while it was locked");
    TRY(write_at(to, offset, piece));
  }
  return {};
}

}  // namespace

std::uint64_t space_for_copy(std::uint64_t size) { return size + kReserve; }

Result<std::string> make_short_copy(const DatabaseFile& file, const fs::path& scratch,
                                    Duration patience, const RunContext& context) {
  const auto from = TRY(RawFile::open(file.path));
  TRY(check_space(scratch, TRY(from.size())));
  const auto copy = scratch / "database";
  const auto to = TRY(open_file(copy, O_WRONLY | O_CREAT | O_EXCL));
  OpenOptions options;
  options.path = file.path;
  options.patience = patience;
  options.stop = context.stop;
  const auto connection = TRY(Connection::open(options));
  // The read lock that the first query takes is kept until the connection ends.
  TRY(connection.execute("BEGIN"));
  TRY(connection.number("SELECT count(*) FROM main.sqlite_schema"));
  TRY(check_mode(connection));
  TRY(copy_bytes(from, to.get(), TRY(from.size()), context));
  return copy.string();
}

}  // namespace lifeboat::engine::sqlite
