#pragma once
// What the table of keys cannot say of notifiers: that each has what its kind needs. Pure.
#include "config/node.h"
#include "config/problem.h"
#include "config/schema.h"

namespace lifeboat::config {

void check_notifier(const Member& notifier, Problems& problems);

// Each `config_invalid` when the text is not of the form; variables are filled in already.
Result<void> check_mail_server(std::string_view text);
Result<void> check_mail_address(std::string_view text);

}  // namespace lifeboat::config
