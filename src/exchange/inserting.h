#pragma once
// The documents of one collection on their way into a server, in batches of bounded size and in
// their order. One thread at a time; must not outlive its Location.
#include "engine/mongodb/location.h"

namespace lifeboat::exchange {

class Inserting {
 public:
  struct Into {
    std::string collection;
    std::uint64_t batch_size = 1000;  // documents
    bool adds_to = false;             // what is there stays, and is counted
  };
  Inserting(const engine::mongodb::Location& to, Into into) : to_(to), into_(std::move(into)) {}

  // `io_error` names the documents of the batch that the server did not take.
  Result<void> add(ByteView document);
  Result<void> flush();

  std::uint64_t inserted() const { return sent_ - present_; }
  std::uint64_t present() const { return present_; }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  Result<void> insert(const std::vector<ByteView>& documents);
  Result<void> insert_buckets(const engine::mongodb::Connection& connection,
                              const std::vector<ByteView>& documents) const;

  const engine::mongodb::Location& to_;
  Into into_;
  Bytes waiting_;
  std::vector<std::size_t> sizes_;
  std::uint64_t sent_ = 0;
  std::uint64_t present_ = 0;
};

}  // namespace lifeboat::exchange
