/*
 * Replays a corpus through a fuzz target as an ordinary program, so that every input that
 * ever mattered is run again with every test run and under every sanitizer. Each file is
 * also cut short and damaged in ways that a seeded generator chooses: the same every
 * time.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DAMAGED = 64, CUT = 32 };

struct input {
    uint8_t *data;
    size_t size;
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Hands over a copy of exactly the right size: a sanitizer then sees each byte too far.
 */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        exit(2);
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_variants(struct input *in)
{
    uint32_t state = 2463534242U;

    run(in->data, in->size);
    for (size_t i = 0; i < CUT && in->size > 0; i++)
        run(in->data, next_random(&state) % in->size);
    for (size_t i = 0; i < DAMAGED && in->size > 0; i++) {
        uint8_t *byte = &in->data[next_random(&state) % in->size];
        uint8_t old = *byte;
        *byte = (uint8_t)next_random(&state);
        run(in->data, in->size);
        *byte = old;
    }
}

static int read_file(const char *path, struct input *in)
{
    FILE *file = fopen(path, "rb");
    long size = -1;

    if (file == NULL)
        return -1;
    if (fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    rewind(file);
    in->size = size > 0 ? (size_t)size : 0;
    in->data = malloc(in->size + 1);
    if (in->data == NULL || fread(in->data, 1, in->size, file) != in->size)
        size = -1;
    fclose(file);
    return size < 0 ? -1 : 0;
}

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    struct input in = { .data = NULL };
    int rc = -1;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
        rc = read_file(path, &in);
    if (rc == 0)
        run_variants(&in);
    else
        fprintf(stderr, "%s/%s cannot be read\n", folder, name);
    free(in.data);
    return rc;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int count = 0, failed = 0;

    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        failed += replay_file(argv[1], entry->d_name) != 0;
    }
    closedir(folder);
    printf("%d inputs, %d could not be read\n", count, failed);
    return count > 0 && failed == 0 ? 0 : 1;
}
