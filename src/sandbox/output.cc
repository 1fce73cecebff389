#include "sandbox/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lifeboat::sandbox {
namespace {

constexpr std::size_t kKeptBeginning = 16U << 10U;
constexpr std::size_t kKeptEnd = 48U << 10U;
constexpr std::size_t kLongestLine = 16U << 10U;
constexpr std::size_t kKeptLines = 5;
constexpr std::uint64_t kSearched = 64ULL << 20U;
constexpr const char* kNothing = "$.^";  // never matches
constexpr int kReadBeatMilliseconds = 50;

std::string printable(std::string text) {
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte < 0x20U && letter != '\n' && letter != '\t') || byte == 0x7fU) letter = '.';
  }
  return text;
}

}  // namespace

void Pattern::Free::operator()(regex_t* compiled) const {
  regfree(compiled);
  delete compiled;
}

Result<Pattern> Pattern::parse_or_none(const std::string& text) {
  return parse(text.empty() ? kNothing : text);
}

Result<Pattern> Pattern::parse(const std::string& text) {
  auto* compiled = new regex_t;
  const int error = regcomp(compiled, text.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) return Pattern(std::unique_ptr<regex_t, Free>(compiled));
  std::array<char, 200> words{};
  regerror(error, compiled, words.data(), words.size());
  delete compiled;
  return fail(Code::config_invalid, "\"" + text + "\" is no regular expression: " + words.data());
}

bool Pattern::is_in(const std::string& line, bool whole) const {
  return regexec(compiled_.get(), line.c_str(), 0, nullptr, whole ? 0 : REG_NOTEOL) == 0;
}

Result<std::unique_ptr<Output>> Output::open(std::vector<Pattern> patterns) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "a pipe");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Output>(
      new Output(FileDescriptor(ends[0]), FileDescriptor(ends[1]), std::move(patterns)));
}

Output::Output(FileDescriptor ours, FileDescriptor theirs, std::vector<Pattern> patterns)
    : ours_(std::move(ours)),
      theirs_(std::move(theirs)),
      patterns_(std::move(patterns)),
      watched_(patterns_.size()),
      reader_([this](const std::stop_token& stop) { read_all(stop); }) {}

Output::~Output() {
  reader_.request_stop();
  reader_.join();
}

Watched Output::watched(std::size_t pattern) const {
  const std::lock_guard hold(mutex_);
  return watched_.at(pattern);
}

std::string Output::text() const {
  const std::lock_guard hold(mutex_);
  if (end_.empty()) return printable(beginning_);
  const auto left_out = bytes_ - beginning_.size() - end_.size();
  if (left_out == 0) return printable(beginning_ + end_);
  return printable(beginning_) + "\n[… " + describe_size(left_out) + " left out …]\n" +
         printable(end_);
}

std::uint64_t Output::bytes() const {
  const std::lock_guard hold(mutex_);
  return bytes_;
}

bool Output::flooded() const { return bytes() > kSearched; }

std::string Output::unsearched() const {
  const std::lock_guard hold(mutex_);
  if (!over_) return "not all that it wrote was read in time";
  if (bytes_ > kSearched) return "it wrote " + describe_size(bytes_) + ", more than is searched";
  if (!has_cut_line_) return {};
  return "it wrote a line of more than " + describe_size(kLongestLine) +
         ", and only its beginning is searched";
}

void Output::read_all(const std::stop_token& stop) {
  std::array<char, 64U << 10U> buffer;
  while (!stop.stop_requested()) {
    pollfd watched{ours_.get(), POLLIN, 0};
    if (poll(&watched, 1, kReadBeatMilliseconds) <= 0) continue;
    const auto size = read(ours_.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) break;
    take({buffer.data(), static_cast<std::size_t>(size)});
  }
  const std::lock_guard hold(mutex_);
  take_line();
  over_ = true;
}

void Output::await_end(Duration within) const {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!over_ && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void Output::take(std::string_view part) {
  const std::lock_guard hold(mutex_);
  bytes_ += part.size();
  const auto room = std::min(kKeptBeginning - beginning_.size(), part.size());
  beginning_ += part.substr(0, room);
  end_ += part.substr(room);
  if (end_.size() > 2 * kKeptEnd) end_.erase(0, end_.size() - kKeptEnd);
  if (bytes_ > kSearched) return;
  for (const char letter : part) {
    if (letter == '\n')
      take_line();
    else if (line_.size() < kLongestLine)
      line_ += letter == '\0' ? ' ' : letter;
    else
      is_cut_ = has_cut_line_ = true;
  }
}

void Output::take_line() {
  for (std::size_t i = 0; i < patterns_.size() && !line_.empty(); ++i) {
    if (!patterns_[i].is_in(line_, !is_cut_)) continue;
    ++watched_[i].matches;
    if (watched_[i].lines.size() < kKeptLines) watched_[i].lines.push_back(printable(line_));
  }
  line_.clear();
  is_cut_ = false;
}

}  // namespace lifeboat::sandbox
