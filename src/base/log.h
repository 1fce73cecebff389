#pragma once
// Log lines and progress as injected interfaces; the edge (CLI, daemon) decides where they go.
// Implementations are thread-safe. Never pass a secret.
#include <cstdint>
#include <string>
#include <string_view>

namespace lifeboat {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message) = 0;
  void debug(std::string_view message) { write(LogLevel::debug, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void warning(std::string_view message) { write(LogLevel::warning, message); }
  void error(std::string_view message) { write(LogLevel::error, message); }
};

class Progress {
 public:
  virtual ~Progress() = default;
  // A new stage begins; `total_bytes` 0 when unknown.
  virtual void stage(std::string_view name, std::uint64_t total_bytes) = 0;
  // About what the stage's total will be, found out meanwhile.
  virtual void total(std::uint64_t total_bytes) = 0;
  // Whether it is worth finding that out.
  virtual bool wants_total() const { return false; }
  virtual void advance(std::uint64_t bytes, std::uint64_t items) = 0;
};

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};
class SilentProgress final : public Progress {
 public:
  void stage(std::string_view, std::uint64_t) override {}
  void total(std::uint64_t) override {}
  void advance(std::uint64_t, std::uint64_t) override {}
};

}  // namespace lifeboat
