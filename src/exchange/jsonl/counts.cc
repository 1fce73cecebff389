#include "exchange/jsonl/counts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "exchange/jsonl/csv.h"

namespace lifeboat::exchange::jsonl {
namespace {

constexpr std::string_view kColumns =
    "time,database,collection,documents,bytes,digest,sample_hash,archive\n";

std::string counts_text(const std::string& database, const ExportReport& report) {
  std::string lines;
  for (const auto& each : report.collections)
    lines +=
        fmt::format("{},{},{},{},{},{},{},{}\n", to_the_second(report.moment), csv_field(database),
                    csv_field(each.name), each.sum.count, each.sum.bytes, each.sum.digest.hex(),
                    each.sample_hash, csv_field(report.archive.filename().string()));
  return lines;
}

}  // namespace

Result<void> append_counts(const fs::path& csv, const std::string& database,
                           const ExportReport& report) {
  const auto file =
      TRY(open_file(csv, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644));
  const auto size = ::lseek(file.get(), 0, SEEK_END);
  const auto text = (size == 0 ? std::string(kColumns) : "") + counts_text(database, report);
  std::size_t done = 0;
  while (done < text.size()) {
    const auto wrote = ::write(file.get(), text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) return fail_errno(errno, "cannot write " + csv.string());
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
  return sync_descriptor(file.get());
}

}  // namespace lifeboat::exchange::jsonl
