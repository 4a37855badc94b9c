//! `activate`, for those who like to source it. Where the shell tells a script its own path, the scripts can be moved.

use std::path::Path;

/// Returns the scripts by name. `reached` is where the environment will be, for shells that do not tell.
pub(super) fn scripts(reached: &Path) -> [(&'static str, String); 4] {
    let quoted = reached.display().to_string().replace('\'', r"'\''");
    [
        ("activate", POSIX.replace("@FALLBACK@", &quoted)),
        ("activate.fish", FISH.to_owned()),
        // This shell looks for events of its history even between quotes.
        ("activate.csh", CSH.replace("@FALLBACK@", &quoted.replace('!', r"\!"))),
        ("activate.nu", NU.to_owned()),
    ]
}

const POSIX: &str = r#"# Use it with `. bin/activate`, from sh, bash, zsh and their kin.

deactivate () {
    if [ -n "${_LARDER_OLD_PATH+set}" ]; then
        PATH="$_LARDER_OLD_PATH"
        export PATH
        unset _LARDER_OLD_PATH
    fi
    if [ -n "${_LARDER_OLD_PYTHONHOME+set}" ]; then
        PYTHONHOME="$_LARDER_OLD_PYTHONHOME"
        export PYTHONHOME
        unset _LARDER_OLD_PYTHONHOME
    fi
    if [ -n "${_LARDER_OLD_PS1+set}" ]; then
        PS1="$_LARDER_OLD_PS1"
        unset _LARDER_OLD_PS1
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    hash -r 2>/dev/null
    if [ "${1:-}" != nondestructive ]; then
        unset -f deactivate
    fi
}
deactivate nondestructive

# Only bash and zsh tell a sourced script where it is.
if [ -n "${BASH_VERSION:-}" ]; then
    _larder_script="${BASH_SOURCE[0]}"
elif [ -n "${ZSH_VERSION:-}" ]; then
    eval '_larder_script="${(%):-%x}"'
else
    _larder_script='@FALLBACK@/bin/activate'
fi
VIRTUAL_ENV="$(CDPATH= cd -- "$(dirname -- "$_larder_script")" >/dev/null && cd .. && pwd)"
VIRTUAL_ENV_PROMPT="$(basename -- "$VIRTUAL_ENV")"
export VIRTUAL_ENV VIRTUAL_ENV_PROMPT
unset _larder_script

_LARDER_OLD_PATH="$PATH"
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
if [ -n "${PYTHONHOME:-}" ]; then
    _LARDER_OLD_PYTHONHOME="$PYTHONHOME"
    unset PYTHONHOME
fi
if [ -z "${VIRTUAL_ENV_DISABLE_PROMPT:-}" ]; then
    _LARDER_OLD_PS1="${PS1:-}"
    PS1="($VIRTUAL_ENV_PROMPT) ${PS1:-}"
fi
hash -r 2>/dev/null
"#;

const FISH: &str = r#"# Use it with `source bin/activate.fish`, from fish.

function deactivate -d "Leave the Python environment"
    if set -q _LARDER_OLD_PATH
        set -gx PATH $_LARDER_OLD_PATH
        set -e _LARDER_OLD_PATH
    end
    if set -q _LARDER_OLD_PYTHONHOME
        set -gx PYTHONHOME $_LARDER_OLD_PYTHONHOME
        set -e _LARDER_OLD_PYTHONHOME
    end
    if functions -q _larder_old_prompt
        functions -e fish_prompt
        functions -c _larder_old_prompt fish_prompt
        functions -e _larder_old_prompt
    end
    set -e VIRTUAL_ENV
    set -e VIRTUAL_ENV_PROMPT
    if test "$argv[1]" != nondestructive
        functions -e deactivate
    end
end
deactivate nondestructive

set -l script (status filename)
string match -q '/*' -- $script; or set script $PWD/$script
set -gx VIRTUAL_ENV (path normalize -- (dirname (dirname $script)))
set -gx VIRTUAL_ENV_PROMPT (basename $VIRTUAL_ENV)
set -g _LARDER_OLD_PATH $PATH
set -gx PATH $VIRTUAL_ENV/bin $PATH
if set -q PYTHONHOME
    set -g _LARDER_OLD_PYTHONHOME $PYTHONHOME
    set -e PYTHONHOME
end
if not set -q VIRTUAL_ENV_DISABLE_PROMPT
    functions -c fish_prompt _larder_old_prompt
    function fish_prompt
        # The prompt may show how the last command ended.
        set -l ended $status
        printf '(%s) ' $VIRTUAL_ENV_PROMPT
        echo "exit $ended" | source
        _larder_old_prompt
    end
end
"#;

const CSH: &str = r#"# Use it with `source bin/activate.csh`, from csh. This shell does not tell a script where it is.

alias deactivate 'test $?_LARDER_OLD_PATH != 0 && setenv PATH "$_LARDER_OLD_PATH" && unset _LARDER_OLD_PATH; test $?_LARDER_OLD_PYTHONHOME != 0 && setenv PYTHONHOME "$_LARDER_OLD_PYTHONHOME" && unset _LARDER_OLD_PYTHONHOME; test $?_LARDER_OLD_PROMPT != 0 && set prompt="$_LARDER_OLD_PROMPT" && unset _LARDER_OLD_PROMPT; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; rehash; unalias deactivate'
# Written as blocks: what stands behind an `if` on its line is expanded even where it does not hold.
if ($?_LARDER_OLD_PATH) then
    setenv PATH "$_LARDER_OLD_PATH"
endif
if ($?_LARDER_OLD_PROMPT) then
    set prompt="$_LARDER_OLD_PROMPT"
endif
setenv VIRTUAL_ENV '@FALLBACK@'
setenv VIRTUAL_ENV_PROMPT "$VIRTUAL_ENV:t"
set _LARDER_OLD_PATH="$PATH"
setenv PATH "${VIRTUAL_ENV}/bin:$PATH"
if ($?PYTHONHOME) then
    set _LARDER_OLD_PYTHONHOME="$PYTHONHOME"
    unsetenv PYTHONHOME
endif
if (! $?VIRTUAL_ENV_DISABLE_PROMPT && $?prompt) then
    set _LARDER_OLD_PROMPT="$prompt"
    set prompt="($VIRTUAL_ENV_PROMPT) $prompt:q"
endif
rehash
"#;

const NU: &str = r#"# Use it with `overlay use bin/activate.nu`, from Nushell; `deactivate` leaves it.

export-env {
    const environment = path self ..
    let name = $environment | path basename
    $env.VIRTUAL_ENV = $environment
    $env.VIRTUAL_ENV_PROMPT = $name
    $env.PATH = $env.PATH | split row (char esep) | prepend ($environment | path join bin)
    hide-env --ignore-errors PYTHONHOME
    if 'VIRTUAL_ENV_DISABLE_PROMPT' not-in $env {
        let old = $env.PROMPT_COMMAND? | default ''
        $env.PROMPT_COMMAND = {|| $"\(($name)\) (if ($old | describe) == closure { do $old } else { $old })" }
    }
}

export alias deactivate = overlay hide activate
"#;
