/* A store whose certificate gets another password, and what must be true of its keys at any moment. */
#ifndef KEY_SCENE_H
#define KEY_SCENE_H

#include "passwd_help.h"

struct key_scene {
    const char *id, *sample;
    int is_loose; /* a folder of no layout, with a folder in it */
    int is_gpki;
    int is_single; /* its keys change each for itself, in any case */
    struct plain clear[2];
    char *before;
};

extern const struct key_scene KEY_SCENE_PAIR;
extern const struct key_scene KEY_SCENE_SIGN_ONLY;
extern const struct key_scene KEY_SCENE_LOOSE;
extern const struct key_scene KEY_SCENE_GPKI;

/* How many steps may still be done, for a hook of the test. */
extern unsigned key_scene_steps_left;
extern int key_scene_keeps_backup;

/* Reads what is inside the keys, for the comparisons below; key_scene_close wipes it. */
void key_scene_open(struct key_scene *scene);
void key_scene_close(struct key_scene *scene);
/* A new store; help_remove it. */
char *key_scene_make(const struct key_scene *scene);
/* In a child: changes the password and exits with the fault. */
void key_scene_change(const char *dir);
/* Of both keys, as they are found now: 'o' the old password, 'n' the new, '-' where there is none. Those of a scene that had gaps may be
 * gone for the moment. */
void key_scene_state(const struct key_scene *scene, const char *dir, char state[static 2]);
/* What must hold at once, before any recovery. */
void key_scene_look(const struct key_scene *scene, const char *dir);
/* After recovery: all old or all new, the same names as before, and no more. Returns whether new. */
int key_scene_judge(const struct key_scene *scene, const char *dir);
/* For cmocka's group: a fixed day, memory for a disk where there is any, and whether entries can be exchanged there. */
int key_scene_probe(void **state);

#endif
