#include "restore/window.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

namespace lifeboat::restore {
namespace {

// Bounds of one window: memory for the lists, and descriptors for files of several chunks.
constexpr std::size_t kMaxChunks = 400'000;
constexpr std::size_t kMaxFiles = 50'000;
constexpr std::size_t kMaxLarge = 400;
// What is asked for at once of a target that wants order, and how many entries wait for it.
constexpr std::size_t kPiece = 1U << 20U;
constexpr int kEntriesAtOnce = 4;

}  // namespace

struct Window::File {
  repository::EntryRecord entry;
  std::mutex mutex;  // the first chunk to arrive makes the sink
  std::unique_ptr<engine::Sink> sink;
  std::atomic<std::size_t> missing{0};
};

struct Window::Piece {
  std::size_t file;
  std::uint64_t offset;
};

Window::Window(engine::Target& target, repository::Repository& repository,
               repository::SnapshotReader& snapshot, bool delta)
    : target_(target), repository_(repository), snapshot_(snapshot), delta_(delta) {}

Window::~Window() = default;

Result<void> Window::add(repository::EntryRecord&& entry) {
  if (entry.chunks.empty()) {
    auto sink = TRY(target_.create(entry.info));
    return sink ? sink->commit() : Result<void>{};
  }
  auto file = std::make_unique<File>();
  file->entry = std::move(entry);
  file->missing = file->entry.chunks.size();
  chunks_ += file->entry.chunks.size();
  if (file->entry.chunks.size() > 1) ++large_;
  counts_.bytes += file->entry.info.size;
  files_.push_back(std::move(file));
  return {};
}

bool Window::full() const {
  return chunks_ >= kMaxChunks || files_.size() >= kMaxFiles || large_ >= kMaxLarge;
}

Result<void> Window::run(const RunContext& context) {
  if (target_.wants_order()) {
    TRY(fill_in_order(context));
  } else if (delta_) {
    TRY(compare_existing(context));
  } else {
    for (std::size_t file = 0; file < files_.size(); ++file)
      for (std::size_t chunk = 0; chunk < files_[file]->entry.chunks.size(); ++chunk)
        add_request(file, chunk);
  }
  TRY(fetch_pieces(context));
  files_.clear();
  pieces_.clear();
  requests_.clear();
  chunks_ = large_ = 0;
  return {};
}

// The largest begin first, or the last one would be filled alone.
Result<void> Window::fill_in_order(const RunContext& context) {
  std::ranges::sort(files_, std::greater<>(),
                    [](const auto& file) { return file->entry.info.size; });
  std::vector<Result<void>> outcomes(files_.size());
  std::atomic<bool> failed{false};
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto at = next++; at < files_.size() && !failed; at = next++) {
      outcomes[at] = fill_one(*files_[at], context);
      if (!outcomes[at]) failed = true;
    }
  };
  {
    // Threads of their own: they wait for the target's server more than they compute.
    std::vector<std::jthread> workers;
    for (int i = 0; i < kEntriesAtOnce; ++i) workers.emplace_back(work);
  }
  for (auto& outcome : outcomes) TRY(std::move(outcome));
  for (const auto& file : files_) counts_.fetched += file->entry.info.size;
  return {};
}

Result<void> Window::fill_one(File& file, const RunContext& context) {
  const auto& path = file.entry.info.path;
  auto* sink = TRY_CONTEXT(path, sink_of(file));
  const auto content = snapshot_.open_content(file.entry.chunks, context);
  Bytes piece(kPiece);
  for (std::uint64_t offset = 0;;) {
    TRY(context.check_stop());
    const auto count = TRY_CONTEXT(path, content->read(piece));
    if (count == 0) break;
    TRY_CONTEXT(path, sink->write(offset, ByteView(piece).first(count)));
    context.progress.advance(count, 0);
    offset += count;
  }
  TRY_CONTEXT(path, sink->commit());
  file.sink.reset();
  return {};
}

void Window::add_request(std::size_t file, std::size_t chunk) {
  const auto& chunks = files_[file]->entry.chunks;
  // Chunks of one file are asked for in order, so the offset follows from the piece before.
  const bool first = chunk == 0 || pieces_.empty() || pieces_.back().file != file;
  std::uint64_t offset = 0;
  if (first) {
    for (std::size_t i = 0; i < chunk; ++i) offset += chunks[i].length;
  } else {
    offset = pieces_.back().offset + chunks[chunk - 1].length;
  }
  requests_.push_back({chunks[chunk], pieces_.size()});
  pieces_.push_back({file, offset});
}

Result<void> Window::compare_existing(const RunContext& context) {
  std::vector<Result<void>> outcomes(files_.size());
  tbb::parallel_for(std::size_t{0}, files_.size(), [&](std::size_t file) {
    outcomes[file] = context.check_stop().and_then([&] { return compare_file(file); });
  });
  for (auto& outcome : outcomes) TRY(std::move(outcome));
  return {};
}

// What is equal already is copied from the old file, what is not is asked for.
Result<void> Window::compare_file(std::size_t number) {
  auto& file = *files_[number];
  file.sink = TRY(target_.create(file.entry.info));
  if (!file.sink)
    return fail(Code::internal, "no place for the content of " + file.entry.info.path);
  std::vector<bool> equal(file.entry.chunks.size());
  if (TRY(keep_equal_pieces(file, equal))) return file.sink->commit();
  const std::scoped_lock lock(requests_mutex_);
  std::uint64_t offset = 0;
  for (std::size_t chunk = 0; chunk < equal.size(); ++chunk) {
    const auto& wanted = file.entry.chunks[chunk];
    if (!equal[chunk]) {
      requests_.push_back({wanted, pieces_.size()});
      pieces_.push_back({number, offset});
    }
    offset += wanted.length;
  }
  return {};
}

// True when the whole file is as it must be: then nothing is written at all.
Result<bool> Window::keep_equal_pieces(File& file, std::vector<bool>& equal) {
  const auto& chunks = file.entry.chunks;
  std::vector<std::uint64_t> offsets;
  std::uint64_t offset = 0;
  Bytes held;
  for (std::size_t i = 0; i < chunks.size(); offset += chunks[i].length, ++i) {
    offsets.push_back(offset);
    held.resize(chunks[i].length);
    const auto count = TRY(file.sink->existing(offset, held));
    equal[i] = count == held.size() && TRY(repository_.identify(held)) == chunks[i].id;
  }
  if (std::find(equal.begin(), equal.end(), false) == equal.end()) return true;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (!equal[i]) continue;
    held.resize(chunks[i].length);
    const auto count = TRY(file.sink->existing(offsets[i], held));
    equal[i] = count == held.size() && TRY(repository_.identify(held)) == chunks[i].id;
    if (!equal[i]) continue;
    TRY(file.sink->write(offsets[i], held));
    --file.missing;
  }
  return false;
}

Result<void> Window::fetch_pieces(const RunContext& context) {
  if (requests_.empty()) return {};
  for (const auto& request : requests_) counts_.fetched += request.chunk.length;
  return snapshot_.fetch(
      requests_,
      [&](std::uint64_t tag, ByteView chunk) {
        context.progress.advance(chunk.size(), 0);
        return land(tag, chunk);
      },
      context);
}

Result<void> Window::land(std::uint64_t tag, ByteView chunk) {
  if (tag >= pieces_.size()) return fail(Code::internal, "a chunk without a destination");
  const Piece piece = pieces_[tag];
  auto& file = *files_[piece.file];
  auto* sink = TRY_CONTEXT(file.entry.info.path, sink_of(file));
  TRY_CONTEXT(file.entry.info.path, sink->write(piece.offset, chunk));
  return finish_piece(file);
}

Result<engine::Sink*> Window::sink_of(File& file) {
  const std::scoped_lock lock(file.mutex);
  if (!file.sink) file.sink = TRY(target_.create(file.entry.info));
  if (!file.sink)
    return fail(Code::internal, "no place for the content of " + file.entry.info.path);
  return file.sink.get();
}

// The last piece moves the file into place and gives its descriptor back.
Result<void> Window::finish_piece(File& file) {
  if (--file.missing != 0) return {};
  TRY_CONTEXT(file.entry.info.path, file.sink->commit());
  file.sink.reset();
  return {};
}

}  // namespace lifeboat::restore
