#include "engine/mongodb/test_stand_in.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "engine/mongodb/bson_layout.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

constexpr std::uint32_t kOpReply = 1;
constexpr std::uint32_t kOpQuery = 2004;
constexpr std::uint32_t kOpMsg = 2013;
constexpr std::uint32_t kChecksumPresent = 1;
constexpr std::uint32_t kMoreToCome = 2;
constexpr std::size_t kHeader = 16;
constexpr std::size_t kLargest = 50U << 20U;

bool receive_all(int socket, ByteSpan into) {
  for (std::size_t at = 0; at < into.size();) {
    const auto got = ::recv(socket, into.data() + at, into.size() - at, 0);
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

bool send_all(int socket, ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

[[noreturn]] void no_message() { throw std::runtime_error("the stand-in got no sound message"); }

ByteView take(ByteView& rest, std::size_t size) {
  if (size > rest.size()) no_message();
  const auto taken = rest.first(size);
  rest = rest.subspan(size);
  return taken;
}

std::uint32_t take_32(ByteView& rest) { return little_endian_32(take(rest, 4)); }

std::string take_name(ByteView& rest) {
  const auto end = std::ranges::find(rest, 0);
  const auto name = take(rest, static_cast<std::size_t>(end - rest.begin()));
  take(rest, 1);
  return to_text(name);
}

DocumentView take_document(ByteView& rest) {
  if (rest.size() < kMinDocument) no_message();
  const auto view = DocumentView::check(take(rest, little_endian_32(rest)));
  if (!view) no_message();
  return *view;
}

// {documents: […]}: many documents outside the command, as if they were in it.
void take_sequence(ByteView& rest, DocumentBuilder& command) {
  auto section = take(rest, little_endian_32(rest));
  take(section, 4);
  const auto name = take_name(section);
  ArrayBuilder list;
  while (!section.empty()) list.document(take_document(section).bytes());
  command.array(name, list.take());
}

}  // namespace

struct StandInServer::Message {
  std::uint32_t id = 0;
  std::uint32_t operation = 0;
  std::string database;
  Bytes command;
  bool wants_reply = true;

  DocumentView view() const { return view_document(command); }
  std::string name() const { return std::string(view().begin()->key); }
  // getMore names its collection in a field of its own.
  std::string collection() const {
    const auto field = view().find("collection");
    return std::string((field ? *field : *view().begin()).text().value_or(""));
  }
  void read_query(ByteView rest) {
    take(rest, 4);
    const auto ns = take_name(rest);
    database = ns.substr(0, ns.find('.'));
    take(rest, 8);
    command = to_bytes(take_document(rest).bytes());
  }
  void read_message(ByteView rest) {
    const auto flags = take_32(rest);
    if ((flags & kChecksumPresent) != 0) rest = rest.first(rest.size() - 4);
    wants_reply = (flags & kMoreToCome) == 0;
    DocumentBuilder whole;
    while (!rest.empty()) {
      if (take(rest, 1)[0] == 1) {
        take_sequence(rest, whole);
        continue;
      }
      for (const auto& field : take_document(rest)) whole.element(field);
    }
    command = whole.take();
    database = view().text_at("$db").value_or("");
  }
};

StandInServer::StandInServer(StandInOptions options)
    : authorization_(options.authorization), socket_(options.socket), model_(std::move(options)) {
  if (socket_.empty())
    listen();
  else
    listen_at_path();
  accepting_ = std::jthread([this] { accept_all(); });
}

StandInServer::~StandInServer() {
  kill();
  accepting_.join();
  served_.clear();
  for (const auto socket : sockets_) ::close(socket);
}

void StandInServer::listen() {
  listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), SOMAXCONN) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0)
    throw std::runtime_error("the stand-in has no port");
  port_ = ntohs(address.sin_port);
}

void StandInServer::listen_at_path() {
  listener_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) throw std::runtime_error("too long a path");
  std::ranges::copy(socket_, address.sun_path);
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), SOMAXCONN) != 0)
    throw std::runtime_error("the stand-in has no socket at " + socket_);
}

std::string StandInServer::uri(const std::string& database, const std::string& more) const {
  return authorization_ ? uri_of("root", database) + more : uri_of("", database) + more;
}

// The stand-in believes who somebody says to be: no password.
std::string StandInServer::uri_of(const std::string& user, const std::string& database) const {
  return "mongodb://" + user + (user.empty() ? "" : "@") + "127.0.0.1:" + std::to_string(port_) +
         "/" + database + "?directConnection=true&serverSelectionTimeoutMS=2000" +
         (user.empty() ? "" : "&authMechanism=PLAIN");
}

void StandInServer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::scoped_lock lock(mutex_);
    sockets_.push_back(socket);
    if (dead_) ::shutdown(socket, SHUT_RDWR);
    served_.emplace_back([this, socket] { serve(socket); });
  }
}

// The descriptor is closed with the server, so that no other thread meets its number again.
void StandInServer::serve(int socket) {
  StandInClient client;
  while (serve_one(socket, client)) {
  }
  ::shutdown(socket, SHUT_RDWR);
}

bool StandInServer::serve_one(int socket, StandInClient& client) {
  Bytes header(kHeader);
  if (!receive_all(socket, header)) return false;
  ByteView rest(header);
  const auto size = take_32(rest);
  Message message;
  message.id = take_32(rest);
  take(rest, 4);
  message.operation = take_32(rest);
  if (size < kHeader || size > kLargest) return false;
  Bytes body(size - kHeader);
  if (!receive_all(socket, body)) return false;
  if (message.operation == kOpQuery)
    message.read_query(body);
  else
    message.read_message(body);
  const auto reply = reply_to(message, client);
  if (!reply) return false;
  if (!message.wants_reply) return true;
  const bool is_old = message.operation == kOpQuery;
  ByteWriter content;
  if (is_old)
    content.u32(0).u64(0).u32(0).u32(1);
  else
    content.u32(0).u8(0);
  content.raw(*reply);
  const auto& sent = content.bytes();
  ByteWriter whole;
  whole.u32(static_cast<std::uint32_t>(kHeader + sent.size())).u32(0).u32(message.id);
  whole.u32(is_old ? kOpReply : kOpMsg).raw(sent);
  return send_all(socket, whole.bytes());
}

// Nothing when the connection is to be dropped.
std::optional<Bytes> StandInServer::reply_to(const Message& message, StandInClient& client) {
  const auto fault = fault_of(message);
  if (fault && fault->meanwhile) fault->meanwhile();
  if (fault && fault->kind == Fault::Kind::refuse) return StandInModel::refuse(fault->refusal);
  if (fault && fault->kind == Fault::Kind::die) kill();
  if (fault && fault->kind == Fault::Kind::stall) wait_for_release();
  if (fault && fault->kind != Fault::Kind::none) return std::nullopt;
  return model_.run(message.database, message.view(), client);
}

std::optional<Fault> StandInServer::fault_of(const Message& message) {
  const std::scoped_lock lock(mutex_);
  received_.push_back(message.command);
  for (auto& each : faults_) {
    const bool is_meant = each.command == message.name() && each.times > 0 &&
                          (each.collection.empty() || each.collection == message.collection());
    if (!is_meant) continue;
    if (each.after > 0) {
      --each.after;
      continue;
    }
    --each.times;
    return each;
  }
  return std::nullopt;
}

void StandInServer::plant(Fault fault) {
  const std::scoped_lock lock(mutex_);
  faults_.push_back(std::move(fault));
}

void StandInServer::wait_for_release() {
  std::unique_lock lock(mutex_);
  const auto before = releases_;
  released_.wait(lock, [&] { return dead_ || releases_ != before; });
}

void StandInServer::release() {
  const std::scoped_lock lock(mutex_);
  ++releases_;
  released_.notify_all();
}

void StandInServer::kill() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(dead_, true)) return;
  ::shutdown(listener_.get(), SHUT_RDWR);
  for (const auto socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  released_.notify_all();
}

std::vector<Bytes> StandInServer::received(std::string_view command) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Bytes> all;
  for (const auto& each : received_)
    if (view_document(each).begin()->key == command) all.push_back(each);
  return all;
}

std::vector<std::string> StandInServer::order() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& each : received_) names.emplace_back(view_document(each).begin()->key);
  return names;
}

}  // namespace lifeboat::engine::mongodb::testing
