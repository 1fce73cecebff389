#pragma once
// The evidence as one self-contained HTML page for people: verdict first, nothing loaded from
// elsewhere, no script. Pure.
#include <string>

#include "drill/render/view.h"

namespace lifeboat::drill {

// Every text of the record is escaped.
std::string render_page(const Dossier& dossier);

}  // namespace lifeboat::drill
