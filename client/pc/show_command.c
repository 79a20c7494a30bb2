/* certrelay show: all that certificates say. */
#include "app.h"
#include "calendar.h"
#include "choose.h"
#include "detail.h"
#include "errors.h"
#include "renewal.h"
#include "say.h"
#include "texts.h"

static void show_entry(const struct store_list *list, size_t index, time_t now)
{
    const struct store_entry *entry = &list->entries[index];
    struct detail detail;

    detail_read(entry, &detail);
    if (say_is_json())
        say_json_value("certificate", "certificate",
                       renewal_json(list, index, detail_json(entry, &detail, index + 1, now)));
    else
        detail_print(entry, &detail, index + 1, now);
    if (!say_is_json())
        renewal_say(list, entry);
    detail_wipe(&detail);
}

static void show_all(const struct store_list *list, const struct choice *choice)
{
    time_t now = time(NULL);

    for (size_t i = 0; i < choice->count; i++) {
        if (i)
            say_result("%s", "");
        show_entry(list, choice->numbers[i], now);
    }
    if (!say_is_json())
        detail_say_revocation();
}

int show_run(struct app *app)
{
    struct store_list list = {.count = 0};
    struct choice choice = {.count = 0};
    int code = choose_scan(app, &list);

    if (!code)
        code = choose(app, &list, &choice);
    if (!code && calendar_is_wanted(app))
        code = calendar_write(app, &list, choice.numbers, choice.count);
    else if (!code)
        show_all(&list, &choice);
    store_list_free(&list);
    return code;
}
