#pragma once
// The namespaces in which an application of a drill runs, under bubblewrap: a network without a way
// out, a file system of /usr, a minimal /etc, a private /tmp and home and the sandbox's data, its
// own processes, killed whole at the end or when the thread that opened it ends. Methods may be
// called from several threads.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/run_context.h"
#include "sandbox/census.h"
#include "sandbox/group.h"
#include "sandbox/isolation.h"
#include "sandbox/message.h"
#include "sandbox/options.h"
#include "sandbox/passages.h"

namespace lifeboat::sandbox {

struct CellSpec {
  fs::path data;                    // becomes /data, writable
  std::vector<fs::path> read_only;  // at the same path inside: the application's own files
  // A folder made for this cell, and where it is seen inside, writable.
  std::vector<std::pair<fs::path, fs::path>> writable;
  std::vector<fs::path> hidden;       // of what would be visible so: empty inside
  std::vector<Destination> ways_out;  // the only ones; each is written down
  Limits limits;
  fs::path bubblewrap = "/usr/bin/bwrap";
  fs::path groups = "/";  // where the kernel shows control groups, from the root
};

struct Launch {
  std::string command;                             // for /bin/sh -c
  std::map<std::string, std::string> environment;  // all there is
  std::string directory = "/";
};

// What has happened since somebody last asked.
struct CellNews {
  struct Ended {
    int process = 0;
    int status = 0;  // 128 + signal when it was killed by one
  };
  std::vector<Ended> ended;
  std::string over;  // the limit that was passed: everything was killed then
};

class Cell {
 public:
  // `unavailable` when there is no bubblewrap, or it may make no namespaces here: says why.
  static Result<std::unique_ptr<Cell>> open(const CellSpec& spec, const RunContext& context);
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  ~Cell() { destroy(); }

  // Tries to get out, and to find what is guarded and what leads to a process outside. Takes a few
  // seconds. What others put into a shown folder later is found by asking again.
  Result<Isolation> probe(const std::vector<Guarded>& guarded);
  // The process, in a session of its own; what it writes goes to `output`.
  Result<int> start(const Launch& launch, int output);
  Result<void> signal(int process, int number);
  // A TCP socket (IPv4) of the inside's network, to be connected from outside.
  Result<FileDescriptor> make_socket();
  // A connection to a port on the inside's loopback; `unavailable` when nobody listens there.
  Result<FileDescriptor> connect(std::uint16_t port);
  Result<Census> look();
  CellNews news();
  // The control group that bounds it; empty where none could be made, and counting alone does.
  std::string group() const { return group_ ? group_->name() : ""; }
  // What went through the ways out that the specification names.
  std::vector<Traffic> traffic() const;
  // Kills everything inside, and waits for it. True when the first process inside, and so all of
  // them, is seen to be gone.
  bool destroy();

 private:
  Cell(const CellSpec& spec, FileDescriptor socket, FileDescriptor complaints)
      : limits_(spec.limits),
        group_(Group::make(spec.limits, spec.groups)),
        socket_(std::move(socket)),
        complaints_(std::move(complaints)),
        passages_(spec.ways_out) {}
  Result<void> open_ways_out(const std::vector<Destination>& ways_out);
  void listen(const std::stop_token& stop);
  Result<void> begin(const FileDescriptor& information);
  Result<Message> ask(Json order, int descriptor = -1);
  Result<Message> await(std::int64_t id, Duration within);
  void note(Message& event);
  CellNews take_news();

  Limits limits_;
  Sight sight_;
  std::unique_ptr<Group> group_;
  FileDescriptor socket_;
  FileDescriptor complaints_;    // what bubblewrap itself says
  FileDescriptor first_inside_;  // a pidfd
  int bubblewrap_ = -1;          // its process
  std::int64_t last_id_ = 0;
  std::atomic<std::uint64_t> outward_before_{0};  // attempts of probes
  CellNews news_;
  Passages passages_;
  std::mutex mutex_;       // one question at a time goes over the socket
  std::jthread listener_;  // only where there is a way out: for connections, whenever they come
};

}  // namespace lifeboat::sandbox
