/* Calendars: content lines folded at 75 bytes, never within a character. */
#include "calendar.h"

#include "describe.h"
#include "errors.h"
#include "output.h"
#include "say.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 75
#define DAY_SECONDS 86400
#define KOREA_SECONDS (9 * 3600)

int calendar_is_wanted(const struct app *app)
{
    return app->options.ics || app->options.output;
}

static int is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static void put_line(FILE *out, const char *line)
{
    size_t left = strlen(line), room = LINE_MAX_BYTES;

    while (left > room) {
        size_t part = room;

        while (is_inside_character(line[part]))
            part--;
        fwrite(line, 1, part, out);
        fputs("\r\n ", out);
        line += part;
        left -= part;
        room = LINE_MAX_BYTES - 1; /* the space counts */
    }
    fprintf(out, "%s\r\n", line);
}

static char *escaped(const char *text)
{
    char *copy = malloc(2 * strlen(text) + 1), *to = copy;

    for (; copy && *text; text++) {
        if (strchr("\\;,\n", *text))
            *to++ = '\\';
        *to++ = *text == '\n' ? 'n' : *text;
    }
    if (copy)
        *to = '\0';
    return copy;
}

static void put_text(FILE *out, const char *name, const char *text)
{
    char *value = escaped(text), *line = NULL;

    if (value && asprintf(&line, "%s:%s", name, value) >= 0)
        put_line(out, line);
    free(line);
    free(value);
}

static void put_date(FILE *out, const char *format, int64_t when)
{
    char line[64];
    time_t at = (time_t)when;
    struct tm parts;

    if (gmtime_r(&at, &parts) && strftime(line, sizeof(line), format, &parts))
        put_line(out, line);
}

static void put_reminder(FILE *out, int days, const char *summary)
{
    char trigger[32];

    snprintf(trigger, sizeof(trigger), "TRIGGER:-P%dD", days);
    put_line(out, "BEGIN:VALARM");
    put_line(out, "ACTION:DISPLAY");
    put_line(out, trigger);
    put_text(out, "DESCRIPTION", summary);
    put_line(out, "END:VALARM");
}

static void put_uid(FILE *out, const struct store_facts *facts)
{
    char line[128];
    int length = snprintf(line, sizeof(line), "UID:");

    for (size_t i = 0; i < sizeof(facts->identity) / 2; i++)
        length += snprintf(line + length, sizeof(line) - (size_t)length, "%02x", facts->identity[i]);
    snprintf(line + length, sizeof(line) - (size_t)length, "@certrelay");
    put_line(out, line);
}

static char *description_of(const struct store_facts *facts)
{
    char *text = NULL;

    if (asprintf(&text,
                 _("%s, %s\nSerial number %s\nRenew it where it was issued, from 30 days before to this day. "
                   "Afterwards copy the new one to your other devices: the old copies stop working."),
                 describe_use(facts), describe_issuer(facts), facts->serial) < 0)
        return NULL;
    return text;
}

static void put_event(FILE *out, const struct store_facts *facts, time_t now)
{
    char *summary = NULL, *description = description_of(facts);

    if (asprintf(&summary, _("Last day of the certificate of %s"), facts->owner) < 0)
        summary = NULL;
    put_line(out, "BEGIN:VEVENT");
    put_uid(out, facts);
    put_date(out, "DTSTAMP:%Y%m%dT%H%M%SZ", (int64_t)now);
    put_date(out, "DTSTART;VALUE=DATE:%Y%m%d", facts->not_after + KOREA_SECONDS);
    put_date(out, "DTEND;VALUE=DATE:%Y%m%d", facts->not_after + KOREA_SECONDS + DAY_SECONDS);
    put_text(out, "SUMMARY", summary ? summary : "?");
    put_text(out, "DESCRIPTION", description ? description : "?");
    put_line(out, "CLASS:PRIVATE");
    put_line(out, "TRANSP:TRANSPARENT");
    put_reminder(out, 30, summary ? summary : "?");
    put_reminder(out, 7, summary ? summary : "?");
    put_line(out, "END:VEVENT");
    free(description);
    free(summary);
}

static int is_worth(const struct store_entry *entry, time_t now)
{
    return !entry->fault && describe_is_dated(&entry->facts) &&
           store_facts_state(&entry->facts, now) != STORE_EXPIRED;
}

static size_t put_events(FILE *out, const struct store_list *list, const size_t *indexes, size_t count,
                         time_t now)
{
    size_t events = 0;

    for (size_t i = 0; i < count; i++) {
        const struct store_entry *entry = &list->entries[indexes[i]];

        if (!is_worth(entry, now))
            continue;
        put_event(out, &entry->facts, now);
        events++;
    }
    return events;
}

char *calendar_text(const struct store_list *list, const size_t *indexes, size_t count, time_t now)
{
    char *text = NULL;
    size_t length = 0, events;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return NULL;
    put_line(out, "BEGIN:VCALENDAR");
    put_line(out, "VERSION:2.0");
    put_line(out, "PRODID:-//certrelay//certrelay " CERTRELAY_VERSION "//EN");
    put_line(out, "CALSCALE:GREGORIAN");
    put_line(out, "METHOD:PUBLISH");
    events = put_events(out, list, indexes, count, now);
    put_line(out, "END:VCALENDAR");
    if (fclose(out) || !events) {
        free(text);
        return NULL;
    }
    return text;
}

int calendar_write(const struct app *app, const struct store_list *list, const size_t *indexes, size_t count)
{
    char *text = calendar_text(list, indexes, count, time(NULL));
    int code = 0;

    if (!text)
        return say_error(ERROR_CALENDAR_EMPTY, NULL);
    if (app->options.output)
        code = output_write(app, app->options.output, text, strlen(text));
    else
        fputs(text, stdout);
    free(text);
    return code;
}
