#pragma once
// What `doctor` has to say, collected in order. Not thread-safe.
#include <string>

#include "engine/engine.h"
#include "service/setup.h"

namespace lifeboat::service {

class AdviceList {
 public:
  using Level = engine::Advice::Level;
  void add(const std::string& subject, const engine::Advice& advice);
  void ok(const std::string& subject, std::string message) {
    add(subject, {Level::ok, std::move(message), {}});
  }
  void warning(const std::string& subject, std::string message, std::string hint) {
    add(subject, {Level::warning, std::move(message), std::move(hint)});
  }
  void error(const std::string& subject, std::string message, std::string hint) {
    add(subject, {Level::error, std::move(message), std::move(hint)});
  }
  void error(const std::string& subject, const Error& error);
  bool has_errors() const { return errors_ != 0; }
  Answer answer() &&;

 private:
  Json rows_ = Json::array();
  unsigned errors_ = 0;
  unsigned warnings_ = 0;
};

}  // namespace lifeboat::service
