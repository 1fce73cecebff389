#pragma once
// What a process of a cell writes, taken as fast as it comes and kept in bounds: the beginning, the
// end, and the lines that match a pattern. Has a thread of its own; methods are thread-safe.
#include <regex.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"

namespace lifeboat::sandbox {

// A POSIX extended regular expression; searching takes time in proportion to the text.
class Pattern {
 public:
  // `config_invalid` with the library's words.
  static Result<Pattern> parse(const std::string& text);
  // An empty text matches nothing: a pattern that was not asked for.
  static Result<Pattern> parse_or_none(const std::string& text);
  // Of a line that is not whole, nothing is said of its end.
  bool is_in(const std::string& line, bool whole = true) const;

 private:
  struct Free {
    void operator()(regex_t* compiled) const;
  };
  explicit Pattern(std::unique_ptr<regex_t, Free> compiled) : compiled_(std::move(compiled)) {}
  std::unique_ptr<regex_t, Free> compiled_;
};

struct Watched {
  std::uint64_t matches = 0;
  std::vector<std::string> lines;  // the first few of them
};

class Output {
 public:
  // `patterns` are looked for in every line, as long as there are not too many.
  static Result<std::unique_ptr<Output>> open(std::vector<Pattern> patterns);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Where the process writes; closed with close_ours() once it has been started.
  int end_for_process() const { return theirs_.get(); }
  void close_ours() { theirs_.reset(); }

  Watched watched(std::size_t pattern) const;
  // The beginning and the end of it, bounded; unprintable bytes become dots.
  std::string text() const;
  // Until everything that was written has been taken, at most that long: once nobody writes.
  void await_end(Duration within) const;
  std::uint64_t bytes() const;
  // So much came that not every line was searched.
  bool flooded() const;
  // Why a pattern that was not found may be there all the same; empty when it is not. For when it
  // has ended.
  std::string unsearched() const;

 private:
  Output(FileDescriptor ours, FileDescriptor theirs, std::vector<Pattern> patterns);
  void read_all(const std::stop_token& stop);
  void take(std::string_view part);
  void take_line();

  FileDescriptor ours_;
  FileDescriptor theirs_;
  const std::vector<Pattern> patterns_;
  mutable std::mutex mutex_;  // the reading thread writes what others ask for
  std::vector<Watched> watched_;
  std::string beginning_;
  std::string end_;
  std::string line_;
  bool is_cut_ = false;        // there is more of it
  bool has_cut_line_ = false;  // there was more of one
  std::uint64_t bytes_ = 0;
  std::atomic<bool> over_{false};  // the last writer has closed it
  std::jthread reader_;
};

}  // namespace lifeboat::sandbox
