#include "notify/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json_value.h"

namespace lifeboat::notify {
namespace {

constexpr std::size_t kLargestLetter = 64U << 10U;
constexpr unsigned kMostRefusals = 3;  // in one run: then the receiver wants none of them
constexpr int kPauseFactor = 4;

Result<Letter> read_letter(const fs::path& file) {
  const auto json = TRY(parse_json(to_text(TRY(read_file(file, kLargestLetter)))));
  Letter letter;
  letter.file = file;
  letter.notifier = TRY(text_at(json, "notifier"));
  letter.notice = TRY(notice_of(*TRY(member(json, "notice"))));
  letter.attempts = static_cast<unsigned>(TRY(number_at(json, "attempts")));
  letter.error = TRY(text_at(json, "error"));
  return letter;
}

Result<void> write_letter(const Letter& letter) {
  const Json json{{"notifier", letter.notifier},
                  {"notice", to_json(letter.notice)},
                  {"attempts", letter.attempts},
                  {"error", letter.error}};
  return write_file(letter.file, view_of(pretty_json(json)));
}

// Names sort as the moments they were written at.
std::string file_name(const Notice& notice, const std::string& notifier) {
  return fmt::format("{:020}-{}-{}.json", notice.time.time_since_epoch().count(), notice.id,
                     notifier);
}

// The letters of one notifier, oldest first.
class Round {
 public:
  Round(Outbox& outbox, const Patience& patience, const RunContext& context)
      : outbox_(outbox), patience_(patience), context_(context) {}

  Delivery hand_out(std::vector<Letter>& letters, const OpenNotifier& open) {
    Delivery delivery;
    delivery.notifier = letters.front().notifier;
    delivery.waiting = letters.size();
    auto notifier = open(delivery.notifier);
    if (!notifier) {
      note(delivery, letters.front(), notifier.error());
      return delivery;
    }
    const auto until = context_.clock.steady() + patience_.whole;
    unsigned refusals = 0;
    for (auto& letter : letters) {
      if (refusals == kMostRefusals || context_.clock.steady() >= until) break;
      const auto answer = send_patiently(**notifier, letter.notice, patience_, context_);
      if (answer) {
        took(delivery, letter, *answer);
        continue;
      }
      note(delivery, letter, answer.error());
      if (answer.error().retryable() || answer.error().code() == Code::interrupted) break;
      ++refusals;
    }
    return delivery;
  }

 private:
  // What was delivered after something that was not must not read as if all was well.
  void took(Delivery& delivery, const Letter& letter, const std::string& answer) {
    ++delivery.sent;
    const auto removed = outbox_.remove(letter);
    if (removed) --delivery.waiting;
    if (!removed) context_.log.warning("a notice will come twice: " + removed.error().describe());
    if (!delivery.answer.empty() && !delivery.delivered) return;
    delivery.delivered = true;
    delivery.headline = headline(letter.notice);
    delivery.answer = answer;
  }

  void note(Delivery& delivery, Letter& letter, const Error& error) {
    delivery.delivered = false;
    delivery.headline = headline(letter.notice);
    delivery.answer = error.describe();
    delivery.hint = error.hint();
    ++letter.attempts;
    letter.error = error.describe();
    if (const auto kept = outbox_.keep(letter); !kept)
      context_.log.warning("why a notice waits could not be written down: " +
                           kept.error().describe());
  }

  Outbox& outbox_;
  const Patience& patience_;
  const RunContext& context_;
};

}  // namespace

Result<void> Outbox::add(const Notice& notice, const std::string& notifier) {
  TRY(make_directories(folder_));
  auto there = letters();
  std::erase_if(there, [&](const Letter& each) { return each.notifier != notifier; });
  Letter letter{folder_ / file_name(notice, notifier), notifier, notice, 0, {}};
  for (std::size_t at = 0; there.size() - at >= kMostLetters; ++at) {
    letter.notice.lost += there[at].notice.lost + 1;
    TRY(remove(there[at]));
  }
  return write_letter(letter);
}

std::vector<Letter> Outbox::letters() const {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".json" && !at->path().filename().string().starts_with('.'))
      files.push_back(at->path());
  std::ranges::sort(files);
  std::vector<Letter> all;
  for (const auto& file : files) {
    auto letter = read_letter(file);
    if (letter) {
      all.push_back(std::move(*letter));
    } else {
      all.emplace_back();
      all.back().file = file;
      all.back().error = letter.error().describe();
    }
  }
  return all;
}

Result<void> Outbox::remove(const Letter& letter) {
  std::error_code error;
  fs::remove(letter.file, error);
  if (error) return fail_errno(error.value(), letter.file.string());
  return sync_directory(folder_);
}

Result<void> Outbox::keep(const Letter& letter) { return write_letter(letter); }

std::vector<Delivery> deliver(Outbox& outbox, const OpenNotifier& open, const Patience& patience,
                              const RunContext& context) {
  std::map<std::string, std::vector<Letter>> by_notifier;
  std::vector<Delivery> deliveries;
  for (auto& letter : outbox.letters()) {
    if (!letter.notifier.empty()) {
      by_notifier[letter.notifier].push_back(std::move(letter));
      continue;
    }
    Delivery lost;
    lost.answer = letter.error;
    lost.hint = "The file of a notice cannot be read; remove it: " + letter.file.string();
    lost.waiting = 1;
    deliveries.push_back(std::move(lost));
  }
  Round round(outbox, patience, context);
  for (auto& [name, letters] : by_notifier) deliveries.push_back(round.hand_out(letters, open));
  return deliveries;
}

Result<std::string> send_patiently(Notifier& notifier, const Notice& notice,
                                   const Patience& patience, const RunContext& context) {
  auto pause = patience.pause;
  for (unsigned attempt = 1;; ++attempt) {
    auto answer = notifier.send(notice, patience.attempt, context);
    if (answer || !answer.error().retryable() || attempt >= patience.attempts) return answer;
    context.clock.sleep(pause);
    TRY(context.check_stop());
    pause *= kPauseFactor;
  }
}

}  // namespace lifeboat::notify
