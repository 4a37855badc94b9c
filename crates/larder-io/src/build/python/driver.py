"""Calls one hook of a PEP 517 back end. Runs in the sandbox; what it writes to OUT is judged outside of it.

OUT/requires.json     a list of requirements, from "requires"
OUT/METADATA          from "metadata"
OUT/wheel/*.whl       from "wheel"
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import zipfile

request = json.loads(sys.argv[1])
out = request["out"]
suffix = "_editable" if request["editable"] else "_wheel"
settings = request["config_settings"] or None

# The working folder is no place to import from, as PEP 517 says; the project's own back end has `backend-path`.
sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
if request["site"]:
    import site

    before = list(sys.path)
    for folder in request["site"]:
        site.addsitedir(folder)
    added = [entry for entry in sys.path if entry not in before]
    sys.path[:] = added + before
source = os.getcwd()
own = [os.path.realpath(os.path.join(source, entry)) for entry in request["backend_path"]]
sys.path[:0] = own
# Some back ends look at the arguments of the process.
sys.argv = ["larder"]


def fail(text):
    sys.exit("larder: " + text)


def load():
    module_name, _, attributes = request["backend"].partition(":")
    try:
        found = importlib.import_module(module_name)
    except ImportError as error:
        import traceback

        traceback.print_exc()
        fail("the build back end `%s` cannot be imported: %s" % (module_name, error))
    if own and not any(os.path.realpath(found.__file__ or "").startswith(entry + os.sep) for entry in own):
        fail("the build back end `%s` is not the one in `backend-path`" % module_name)
    for attribute in filter(None, attributes.split(".")):
        found = getattr(found, attribute)
    return found


def folder(name):
    path = os.path.join(out, name)
    shutil.rmtree(path, ignore_errors=True)
    os.mkdir(path)
    return path


def build(name):
    hook = getattr(backend, "build" + suffix, None)
    if hook is None:
        fail("the build back end `%s` has no hook `build%s`" % (request["backend"], suffix))
    path = folder(name)
    return os.path.join(path, hook(path, settings))


def make_repository(version):
    """Makes the sources a repository of one commit, tagged with the version, for tools that ask git which files there are, and which version."""
    if os.path.lexists(".git") or not shutil.which("git"):
        return
    date = os.environ["SOURCE_DATE_EPOCH"] + " +0000"
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for who in "AUTHOR", "COMMITTER":
        settings.update({"GIT_%s_NAME" % who: "larder", "GIT_%s_EMAIL" % who: "larder", "GIT_%s_DATE" % who: date})
    for words in (
        ["init", "--quiet", "--template=", "--initial-branch=main", "."],
        ["add", "--all", "--force", "."],
        ["commit", "--quiet", "--no-verify", "--allow-empty", "--message=sources"],
        ["tag", version],
        ["tag", "v" + version],
    ):
        if subprocess.call(["git"] + words, env=dict(os.environ, **settings), stdout=subprocess.DEVNULL):
            return shutil.rmtree(".git", ignore_errors=True)


if request["version"]:
    make_repository(request["version"])
backend = load()
if request["hook"] == "requires":
    hook = getattr(backend, "get_requires_for_build" + suffix, None)
    with open(os.path.join(out, "requires.json"), "w", encoding="utf-8") as file:
        json.dump([str(line) for line in hook(settings)] if hook else [], file)
elif request["hook"] == "metadata":
    prepare = getattr(backend, "prepare_metadata_for_build" + suffix, None)
    if prepare:
        path = folder("metadata")
        shutil.copyfile(os.path.join(path, prepare(path, settings), "METADATA"), os.path.join(out, "METADATA"))
    else:
        with zipfile.ZipFile(build("wheel")) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
            if len(names) != 1:
                fail("the wheel that the build back end made has %d files METADATA" % len(names))
            with open(os.path.join(out, "METADATA"), "wb") as file:
                file.write(wheel.read(names[0]))
else:
    build("wheel")
