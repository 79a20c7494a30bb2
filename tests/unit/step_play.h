/* What is done step by step, and killed or refused by the file system at each of them. */
#ifndef STEP_PLAY_H
#define STEP_PLAY_H

#include "store.h"

/* What is done below dir. */
struct scene {
    void (*prepare)(const char *dir);
    enum store_fault (*work)(const char *dir);
    void (*recover)(const char *dir);
    /* What killing may leave in sight before any recovery: the certificate at this place, whole or gone; NULL: not looked at. */
    const char *place;
    size_t files;
    /* As recover, for a child that dies in it; NULL: it is not killed. */
    enum store_fault (*recover_once)(const char *dir);
    /* The engine's own. */
    char *old_picture;
    char *new_picture;
};

/* Kills the work before each of its steps, refuses it each of them, and kills its recovery: afterwards there is the old state or the
 * new, and what failed has said so. */
void step_play(struct scene *scene);
/* A new folder, prepared; help_remove it. */
char *step_make(const struct scene *scene);
/* For cmocka's group: a fixed day, and memory for a disk where there is any. */
int step_probe(void **state);

#endif
