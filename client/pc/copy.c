/* certrelay copy: certificates put into another folder or on a drive, as they are. */
#include "app.h"
#include "choose.h"
#include "describe.h"
#include "drives.h"
#include "errors.h"
#include "landing.h"
#include "prove.h"
#include "say.h"
#include "texts.h"

#include <copy.h>

#include <stdlib.h>
#include <sys/stat.h>

struct copy {
    struct app *app;
    struct store_list list;
    struct choice choice;
    struct cr_bundle *bundle; /* only to see what is in the way */
    char *folder, *root;
    struct clash clash;
    char **paths;
};

static int load(struct copy *copy)
{
    time_t now = time(NULL);

    copy->bundle = cr_bundle_new();
    if (!copy->bundle)
        return say_error(ERROR_END_MEMORY, NULL);
    for (size_t i = 0; i < copy->choice.count; i++) {
        const struct store_entry *entry = &copy->list.entries[copy->choice.numbers[i]];
        enum store_fault fault = entry->fault ? entry->fault : store_load(entry, copy->bundle);

        if (fault)
            return prove_say_fault(entry, fault);
        describe_facts(&entry->facts, now);
    }
    return 0;
}

/* A folder that is misspelt shall not be made. */
static int find_root(struct copy *copy)
{
    struct stat status;
    int code = drives_choose(copy->app->options.to, "--to", &copy->folder);

    if (code)
        return code;
    if (stat(copy->folder, &status) || !S_ISDIR(status.st_mode))
        return say_error(ERROR_NO_FOLDER, copy->folder);
    copy->root = store_root_in(copy->folder);
    return copy->root ? 0 : say_error(ERROR_END_MEMORY, NULL);
}

static int write_copies(struct copy *copy)
{
    const struct store_entry *entries[OPTIONS_CERTS_MAX];
    enum store_fault fault;

    for (size_t i = 0; i < copy->choice.count; i++)
        entries[i] = &copy->list.entries[copy->choice.numbers[i]];
    fault = store_copy(entries, copy->choice.count, copy->root, copy->clash.worst >= STORE_CLASH_RENEWED,
                       &copy->paths);
    return fault ? landing_fault(copy->root, fault) : 0;
}

static void report(const struct copy *copy)
{
    int is_same = copy->clash.worst == STORE_CLASH_SAME;

    landing_report(&copy->clash, copy->paths,
                   is_same ? _("The same certificate is there already; it was left as it is:")
                           : _("Copied, and read back unchanged:"));
    say_talk(
        STYLE_PLAIN, "%s",
        _("Each copy keeps its own password: changing one changes none of the others. Take a drive out only "
          "after your computer says that it is safe."));
    say_json("done", NULL);
}

int copy_run(struct app *app)
{
    struct copy copy = {.app = app};
    int code = choose_scan(app, &copy.list);

    if (!code)
        code = choose(app, &copy.list, &copy.choice);
    if (!code)
        code = load(&copy);
    if (!code)
        code = find_root(&copy);
    if (!code)
        code = landing_agree(app, copy.root, copy.bundle, &copy.clash);
    if (!code)
        code = write_copies(&copy);
    if (!code)
        report(&copy);
    store_paths_free(copy.paths);
    free(copy.root);
    free(copy.folder);
    cr_bundle_free(copy.bundle);
    store_list_free(&copy.list);
    return code;
}
