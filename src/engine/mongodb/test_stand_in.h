#pragma once
// A stand-in for a MongoDB server, in threads of the test: it speaks the wire protocol on a port of
// 127.0.0.1 as far as Debian's libmongoc does, answers from memory, and fails where it is told to.
// What it holds is lost with it. It proves what Lifeboat asks and makes of the answers, never what
// a MongoDB server would answer.
#include <condition_variable>
#include <functional>
#include <thread>

#include "base/file.h"
#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {

struct Fault {
  enum class Kind : std::uint8_t {
    refuse,  // with the code and the message
    drop,    // the connection, before the command is carried out
    stall,   // no answer, until the end or release()
    die,     // the server, as a crash would
    none,    // the command is carried out, after `meanwhile`
  };
  std::string command;
  Kind kind = Kind::refuse;
  Refusal refusal{};
  std::string collection{};           // only where the command names this one
  unsigned after = 0;                 // so many are let pass first
  unsigned times = 1;                 // and so many fail
  std::function<void()> meanwhile{};  // what happens just before
};

class StandInServer {
 public:
  explicit StandInServer(StandInOptions options = {});
  StandInServer(const StandInServer&) = delete;
  StandInServer& operator=(const StandInServer&) = delete;
  ~StandInServer();

  // Of a user who may do everything.
  std::string uri(const std::string& database = "", const std::string& more = "") const;
  std::string uri_of(const std::string& user, const std::string& database = "") const;
  int port() const { return port_; }
  StandInModel& model() { return model_; }
  void plant(Fault fault);
  void release();
  void kill();
  // All commands of that name that came, whole, as they came.
  std::vector<Bytes> received(std::string_view command) const;
  // Their names, in the order in which they came.
  std::vector<std::string> order() const;

 private:
  struct Message;
  void listen();
  void listen_at_path();
  void accept_all();
  void serve(int socket);
  bool serve_one(int socket, StandInClient& client);
  std::optional<Bytes> reply_to(const Message& message, StandInClient& client);
  std::optional<Fault> fault_of(const Message& message);
  void wait_for_release();

  bool authorization_;
  std::string socket_;  // empty: a port
  StandInModel model_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::vector<Fault> faults_;
  std::vector<Bytes> received_;
  std::vector<int> sockets_;
  bool dead_ = false;
  std::uint64_t releases_ = 0;
  int port_ = 0;
  FileDescriptor listener_;
  std::vector<std::jthread> served_;
  std::jthread accepting_;
};

}  // namespace lifeboat::engine::mongodb::testing
