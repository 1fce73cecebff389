#include "engine/foreign/tar_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace lifeboat::engine::foreign {
namespace {

constexpr std::size_t kInput = 128U << 10U;
constexpr std::uint64_t kEndOfTar = 1024;  // two blocks of zeros
constexpr std::uint64_t kMostRatio = 1000;
constexpr std::uint64_t kSmall = 256U << 20U;

Failure cut_short(const std::string& what) {
  return fail(Error(Code::corrupt, what + " is cut short")
                  .with_hint("The tool or the disk stopped before it was whole."));
}

class PlainStream final : public TarStream {
 public:
  explicit PlainStream(const FileDescriptor& file) : TarStream(file) {}

 private:
  Result<std::size_t> decode(ByteSpan into) override { return take(into); }
};

// One or more gzip members, each with its checksum; zeros may follow them.
class GzipStream final : public TarStream {
 public:
  explicit GzipStream(const FileDescriptor& file) : TarStream(file), input_(kInput) {}
  ~GzipStream() override {
    if (begun_) inflateEnd(&state_);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

 private:
  Result<std::size_t> decode(ByteSpan into) override {
    state_.next_out = into.data();
    state_.avail_out = static_cast<uInt>(into.size());
    while (state_.avail_out == into.size()) {
      if (state_.avail_in == 0 && !TRY(fill())) return end();
      if (!in_member_ && !TRY(begin_member())) return 0;
      const int code = inflate(&state_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        in_member_ = false;
        ++members_;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return fail(Code::corrupt,
                    std::string("the gzip data is damaged") +
                        (state_.msg != nullptr ? std::string(": ") + state_.msg : ""));
      }
    }
    return into.size() - state_.avail_out;
  }

  Result<bool> fill() {
    state_.next_in = input_.data();
    state_.avail_in = static_cast<uInt>(TRY(take(input_)));
    return state_.avail_in > 0;
  }

  Result<std::size_t> end() const {
    if (in_member_ || members_ == 0) return cut_short("the gzip data");
    return 0;
  }

  // False when only padding follows.
  Result<bool> begin_member() {
    if (members_ > 0 && *state_.next_in == 0) return skip_padding();
    constexpr int kGzipOnly = 15 + 16;
    const int code = begun_ ? inflateReset(&state_) : inflateInit2(&state_, kGzipOnly);
    if (code != Z_OK) return fail(Code::internal, "zlib cannot begin");
    begun_ = in_member_ = true;
    return true;
  }

  Result<bool> skip_padding() {
    do {
      const ByteView rest(state_.next_in, state_.avail_in);
      if (std::ranges::any_of(rest, [](auto byte) { return byte != 0; }))
        return fail(Code::corrupt, "something that is no gzip follows the gzip data");
    } while (TRY(fill()));
    return false;
  }

  Bytes input_;
  z_stream state_{};
  bool begun_ = false;
  bool in_member_ = false;
  std::size_t members_ = 0;
};

class ZstdStream final : public TarStream {
 public:
  explicit ZstdStream(const FileDescriptor& file) : TarStream(file), bytes_(kInput) {}

 private:
  Result<std::size_t> decode(ByteSpan into) override {
    if (!state_) return fail(Code::internal, "out of memory");
    ZSTD_outBuffer output{into.data(), into.size(), 0};
    while (output.pos == 0) {
      if (input_.pos == input_.size && !more_) {
        input_ = {bytes_.data(), TRY(take(bytes_)), 0};
        if (input_.size == 0) return end();
      }
      const auto before = input_.pos;
      const auto answer = ZSTD_decompressStream(state_.get(), &output, &input_);
      if (ZSTD_isError(answer) != 0)
        return fail(Code::corrupt,
                    std::string("the zstd data is damaged: ") + ZSTD_getErrorName(answer));
      // Asked between frames and with nothing to do, it answers what a next frame would need.
      if (input_.pos != before || output.pos > 0) wanted_ = answer;
      more_ = output.pos == output.size;
    }
    return output.pos;
  }

  Result<std::size_t> end() const {
    if (wanted_ != 0) return cut_short("the zstd data");
    return 0;
  }

  struct Free {
    void operator()(ZSTD_DStream* state) const { ZSTD_freeDStream(state); }
  };
  Bytes bytes_;
  std::unique_ptr<ZSTD_DStream, Free> state_{ZSTD_createDStream()};
  ZSTD_inBuffer input_{nullptr, 0, 0};
  std::size_t wanted_ = 1;  // 0 after a whole frame
  bool more_ = false;       // the last output was full: there may be more without any input
};

}  // namespace

Result<std::string> packing_of(const FileDescriptor& file) {
  using namespace std::string_view_literals;
  Bytes start(4);
  start.resize(TRY(read_at(file.get(), 0, start)));
  const auto text = to_text(start);
  // The third byte is deflate, the only method there is: two may be the length of a document.
  if (text.starts_with("\x1f\x8b\x08"sv)) return "tar.gz";
  if (text.starts_with("\x28\xb5\x2f\xfd"sv)) return "tar.zst";
  if (text.starts_with("PK\x03\x04"sv)) return "zip";
  return "tar";
}

Result<void> check_ratio(std::uint64_t in, std::uint64_t out) {
  if (out <= kSmall || out / kMostRatio <= in) return {};
  return fail(Error(Code::refused, "the archive unpacks to more than " +
                                       std::to_string(kMostRatio) + " times its size")
                  .with_hint("That is what a bomb does. Unpack it with its own tool by restore: "
                             "PROGRAM if it is none."));
}

Result<std::unique_ptr<TarStream>> TarStream::open(const FileDescriptor& file,
                                                   const std::string& format) {
  if (format == "tar") return std::make_unique<PlainStream>(file);
  if (format == "tar.gz") return std::make_unique<GzipStream>(file);
  if (format == "tar.zst") return std::make_unique<ZstdStream>(file);
  return fail(Code::internal, "no tar: " + format);
}

Result<std::size_t> TarStream::take(ByteSpan into) {
  const auto size = TRY(read_at(file_.get(), in_, into));
  in_ += size;
  return size;
}

Result<std::size_t> TarStream::read(ByteSpan into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto part = into.subspan(filled);
    const auto size = TRY(decode(part));
    if (size == 0) break;
    const auto got = part.first(size);
    const auto last = std::find_if(got.rbegin(), got.rend(), [](auto byte) { return byte != 0; });
    const auto zeros = static_cast<std::uint64_t>(last - got.rbegin());
    zeros_ = zeros == size ? zeros_ + zeros : zeros;
    filled += size;
  }
  out_ += filled;
  return filled;
}

Result<void> TarStream::finish() {
  Bytes ignored(kInput);
  while (TRY(read(ignored)) > 0) {
  }
  if (zeros_ < kEndOfTar) return cut_short("the tar archive");
  return {};
}

}  // namespace lifeboat::engine::foreign
