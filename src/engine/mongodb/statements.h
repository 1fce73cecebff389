#pragma once
// One command with many statements (`update`, `delete`), cut before it grows too large for a
// server. One thread at a time.
#include <string>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

class Statements {
 public:
  Statements(std::string command, std::string list, std::string collection)
      : command_(std::move(command)), list_(std::move(list)), collection_(std::move(collection)) {}
  bool empty() const { return size_ == 0; }
  bool has_room_for(std::size_t more) const { return empty() || size_ + more <= kMostInCommand; }
  void add(const Bytes& statement) {
    size_ += statement.size();
    array_.document(statement);
  }
  Bytes take() {
    size_ = 0;
    return DocumentBuilder()
        .text(command_, collection_)
        .array(list_, array_.take())
        .boolean("ordered", true)
        .take();
  }

 private:
  static constexpr std::size_t kMostInCommand = 16U << 20U;
  std::string command_;
  std::string list_;
  std::string collection_;
  ArrayBuilder array_;
  std::size_t size_ = 0;
};

}  // namespace lifeboat::engine::mongodb
