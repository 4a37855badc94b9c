//! What a failed build usually lacks: from lines of its output to the packages of systems that have it.

use std::fmt;

/// A header, a library or a program that a build did not find, and the packages that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPrerequisite {
    /// What was not found, as the output says it.
    pub what: String,
    /// The package of Debian and Ubuntu.
    pub debian: &'static str,
    /// The package of Fedora.
    pub fedora: &'static str,
    /// The package of Homebrew.
    pub homebrew: &'static str,
}

impl fmt::Display for MissingPrerequisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, debian, fedora, homebrew } = self;
        write!(f, "`{what}` was not found: on Debian and Ubuntu it is in {debian}, on Fedora in {fedora}")?;
        if homebrew.is_empty() { Ok(()) } else { write!(f, ", with Homebrew in {homebrew}") }
    }
}

/// Returns what the output of a failed build says is missing, if it is something known. The first complaint counts: the others
/// follow from it.
pub fn missing(lines: &[String]) -> Option<MissingPrerequisite> {
    lines.iter().find_map(|line| {
        let what = header(line).or_else(|| library(line)).or_else(|| program(line)).or_else(|| pkg_config(line))?;
        let name = what.trim_start_matches("./");
        let found = KNOWN.iter().find(|(names, ..)| names.split(' ').any(|known| is_named(name, known)))?;
        let (_, debian, fedora, homebrew) = *found;
        Some(MissingPrerequisite { what: what.to_owned(), debian, fedora, homebrew })
    })
}

/// Returns the Python package that has a module which a build wanted to import and did not find.
pub(super) fn missing_module(lines: &[String]) -> Option<&str> {
    let module = lines.iter().rev().find_map(|line| {
        let (_, said) = line.split_once("ModuleNotFoundError: No module named ")?;
        Some(said.trim().trim_matches(['\'', '"']).split('.').next().unwrap_or_default())
    })?;
    let is_name = !module.is_empty() && module.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let known = MODULES.iter().find(|(name, _)| *name == module).map(|(_, package)| *package);
    known.or(Some(module)).filter(|_| is_name)
}

/// Modules whose packages have other names.
const MODULES: &[(&str, &str)] = &[
    ("pkg_resources", "setuptools<82"),
    ("Cython", "cython"),
    ("skbuild", "scikit-build"),
    ("mesonpy", "meson-python"),
    ("distutils", "setuptools"),
    ("pybind11_global", "pybind11"),
    ("yaml", "pyyaml"),
];

/// Names, as output has them, and the packages of Debian, Fedora and Homebrew. Names that end with `/` stand for all below.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    ("Python.h", "python3-dev", "python3-devel", "python"),
    ("cc gcc clang x86_64-linux-gnu-gcc aarch64-linux-gnu-gcc", "build-essential", "gcc", "gcc"),
    ("c++ g++ cc1plus x86_64-linux-gnu-g++ aarch64-linux-gnu-g++", "build-essential", "gcc-c++", "gcc"),
    ("stdio.h stdlib.h limits.h crt1.o", "libc6-dev", "glibc-devel", ""),
    ("make", "build-essential", "make", "make"),
    ("cmake", "cmake", "cmake", "cmake"),
    ("ninja", "ninja-build", "ninja-build", "ninja"),
    ("pkg-config pkgconf", "pkg-config", "pkgconf-pkg-config", "pkgconf"),
    ("gfortran f95", "gfortran", "gcc-gfortran", "gcc"),
    ("swig", "swig", "swig", "swig"),
    ("rustc cargo", "rustc and cargo, or rustup", "rust and cargo, or rustup", "rust"),
    ("pg_config libpq-fe.h -lpq libpq", "libpq-dev", "libpq-devel", "libpq"),
    (
        "mysql.h mysql_config mariadb_config -lmysqlclient mysqlclient mariadb libmariadb",
        "default-libmysqlclient-dev",
        "mariadb-connector-c-devel",
        "mysql-client",
    ),
    ("openssl/ -lssl -lcrypto openssl", "libssl-dev", "openssl-devel", "openssl@3"),
    ("ffi.h -lffi libffi", "libffi-dev", "libffi-devel", "libffi"),
    ("libxml/ -lxml2 xml2-config libxml-2.0", "libxml2-dev", "libxml2-devel", "libxml2"),
    ("libxslt/ -lxslt xslt-config libxslt", "libxslt1-dev", "libxslt-devel", "libxslt"),
    ("zlib.h -lz zlib", "zlib1g-dev", "zlib-devel", "zlib"),
    ("jpeglib.h -ljpeg libjpeg", "libjpeg-dev", "libjpeg-turbo-devel", "jpeg-turbo"),
    ("png.h -lpng libpng", "libpng-dev", "libpng-devel", "libpng"),
    ("ft2build.h freetype2", "libfreetype-dev", "freetype-devel", "freetype"),
    ("lber.h ldap.h -lldap", "libldap-dev libsasl2-dev", "openldap-devel cyrus-sasl-devel", "openldap"),
    ("sasl/ -lsasl2", "libsasl2-dev", "cyrus-sasl-devel", "cyrus-sasl"),
    ("gssapi/ krb5-config -lkrb5", "libkrb5-dev", "krb5-devel", "krb5"),
    ("curl/ -lcurl curl-config libcurl", "libcurl4-openssl-dev", "libcurl-devel", "curl"),
    ("sqlite3.h -lsqlite3 sqlite3", "libsqlite3-dev", "sqlite-devel", "sqlite"),
    ("sql.h sqlext.h -lodbc", "unixodbc-dev", "unixODBC-devel", "unixodbc"),
    ("git2.h libgit2", "libgit2-dev", "libgit2-devel", "libgit2"),
    ("hdf5.h -lhdf5 hdf5", "libhdf5-dev", "hdf5-devel", "hdf5"),
    ("cairo.h cairo", "libcairo2-dev", "cairo-devel", "cairo"),
    ("pango/ pangocairo pango", "libpango1.0-dev", "pango-devel", "pango"),
    (
        "gobject-introspection-1.0 girepository-2.0",
        "libgirepository-2.0-dev",
        "gobject-introspection-devel",
        "gobject-introspection",
    ),
    ("dbus/ dbus-1", "libdbus-1-dev", "dbus-devel", "dbus"),
    ("glib.h glib-2.0", "libglib2.0-dev", "glib2-devel", "glib"),
    ("portaudio.h -lportaudio", "portaudio19-dev", "portaudio-devel", "portaudio"),
    ("snappy-c.h -lsnappy", "libsnappy-dev", "snappy-devel", "snappy"),
    ("lzma.h -llzma", "liblzma-dev", "xz-devel", "xz"),
    ("bzlib.h -lbz2", "libbz2-dev", "bzip2-devel", "bzip2"),
    ("yaml.h -lyaml", "libyaml-dev", "libyaml-devel", "libyaml"),
    ("gmp.h -lgmp", "libgmp-dev", "gmp-devel", "gmp"),
    ("mpfr.h -lmpfr", "libmpfr-dev", "mpfr-devel", "mpfr"),
    ("zmq.h -lzmq libzmq", "libzmq3-dev", "zeromq-devel", "zeromq"),
    ("systemd/ libsystemd", "libsystemd-dev", "systemd-devel", ""),
    ("augeas.h augeas", "libaugeas-dev", "augeas-devel", "augeas"),
    ("cblas.h -lopenblas openblas -lblas -llapack", "libopenblas-dev", "openblas-devel", "openblas"),
    ("boost/", "libboost-dev", "boost-devel", "boost"),
    ("Eigen/", "libeigen3-dev", "eigen3-devel", "eigen"),
    ("X11/ -lX11", "libx11-dev", "libX11-devel", "libx11"),
    ("vips/ vips-cpp vips", "libvips-dev", "vips-devel", "vips"),
    ("pcap.h -lpcap", "libpcap-dev", "libpcap-devel", "libpcap"),
    ("pcre.h -lpcre", "libpcre3-dev", "pcre-devel", "pcre"),
    ("sodium.h -lsodium libsodium", "libsodium-dev", "libsodium-devel", "libsodium"),
    ("geos_c.h geos-config", "libgeos-dev", "geos-devel", "geos"),
    ("proj.h proj", "libproj-dev", "proj-devel", "proj"),
    ("gdal.h gdal-config", "libgdal-dev", "gdal-devel", "gdal"),
    ("magic.h -lmagic", "libmagic-dev", "file-devel", "libmagic"),
];

fn is_named(name: &str, known: &str) -> bool {
    if known.ends_with('/') { name.starts_with(known) } else { name == known }
}

/// gcc: `x.c:1:10: fatal error: Python.h: No such file or directory`; clang: `fatal error: 'Python.h' file not found`.
fn header(line: &str) -> Option<&str> {
    let (_, said) = line.split_once("fatal error: ")?;
    if let Some((name, _)) = said.split_once(": No such file") {
        return (!name.contains(' ')).then_some(name);
    }
    said.strip_prefix('\'')?.split_once("' file not found").map(|(name, _)| name)
}

/// ld: `cannot find -lpq: No such file or directory`; lld: `unable to find library -lpq`.
fn library(line: &str) -> Option<&str> {
    let (_, said) = ["cannot find ", "unable to find library "].iter().find_map(|start| line.split_once(start))?;
    let name = said.split([':', ' ']).next()?;
    (name.starts_with("-l") || name == "crt1.o").then_some(name)
}

/// Shells, Python's subprocess, setuptools, node-gyp, gcc and configure, each in its own words.
fn program(line: &str) -> Option<&str> {
    if let Some(before) = line.strip_suffix(": not found").or_else(|| line.strip_suffix(": command not found")) {
        return before.rsplit([' ', ':']).next();
    }
    let quoted = |start: &str, end: char| line.split_once(start)?.1.split(end).next();
    quoted("No such file or directory: '", '\'')
        .or_else(|| quoted("error: command '", '\'').filter(|_| line.contains("failed: No such file")))
        .or_else(|| quoted("Error: not found: ", ' '))
        .or_else(|| quoted("error trying to exec '", '\''))
        .or_else(|| quoted("cannot execute '", '\'').or_else(|| quoted("cannot execute \u{2018}", '\u{2019}')))
        .or_else(|| quoted("error: linker `", '`').filter(|_| line.contains("not found")))
        .or_else(|| line.contains("pg_config executable not found").then_some("pg_config"))
        .or_else(|| line.contains("no acceptable C compiler found").then_some("cc"))
        .or_else(|| line.contains("can't find Rust compiler").then_some("rustc"))
        .map(|path| path.rsplit('/').next().unwrap_or(path))
}

/// pkg-config: `Package 'cairo', required by …, not found`, `No package 'cairo' found`; meson: `Dependency "cairo" not found`.
fn pkg_config(line: &str) -> Option<&str> {
    let quoted = |start: &str, end: char| line.split_once(start)?.1.split(end).next();
    quoted("No package '", '\'')
        .or_else(|| quoted("Package '", '\'').filter(|_| line.contains("not found")))
        .or_else(|| quoted("Package ", ' ').filter(|_| line.contains("was not found in the pkg-config")))
        .or_else(|| quoted("ependency \"", '"').filter(|_| line.contains("not found")))
        .or_else(|| quoted("'pkg-config --exists ", '\'').filter(|_| line.contains("returned non-zero")))
        .or_else(|| line.contains("Specify MYSQLCLIENT_CFLAGS").then_some("mysqlclient"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, debian: &str) {
        let found = missing(&["compiling".to_owned(), line.to_owned(), "error: exit 1".to_owned()]);
        assert_eq!(found.as_ref().map(|found| found.debian), (!debian.is_empty()).then_some(debian), "{line}");
    }

    #[test]
    fn complaints_of_many_tools_lead_to_the_package() {
        check("src/x.c:1:10: fatal error: Python.h: No such file or directory", "python3-dev");
        check("x.c:1:10: fatal error: 'Python.h' file not found", "python3-dev");
        check("./psycopg/psycopg.h:36:10: fatal error: libpq-fe.h: No such file or directory", "libpq-dev");
        check("a.c:3:10: fatal error: openssl/ssl.h: No such file or directory", "libssl-dev");
        check("/usr/bin/ld: cannot find -lpq: No such file or directory", "libpq-dev");
        check("Error: pg_config executable not found.", "libpq-dev");
        check("FileNotFoundError: [Errno 2] No such file or directory: 'cmake'", "cmake");
        check("error: command 'gcc' failed: No such file or directory", "build-essential");
        check("error: command '/usr/bin/x86_64-linux-gnu-gcc' failed: No such file or directory", "build-essential");
        check("gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory", "build-essential");
        check("/bin/sh: 1: mysql_config: not found", "default-libmysqlclient-dev");
        check("bash: line 1: xml2-config: command not found", "libxml2-dev");
        check("configure: error: no acceptable C compiler found in $PATH", "build-essential");
        check("gyp ERR! stack Error: not found: make", "build-essential");
        check("error: linker `cc` not found", "build-essential");
        check("error: can't find Rust compiler", "rustc and cargo, or rustup");
        check("Package 'cairo', required by 'virtual:world', not found", "libcairo2-dev");
        check("Command 'pkg-config --exists mariadb' returned non-zero exit status 1.", "default-libmysqlclient-dev");
        check("Specify MYSQLCLIENT_CFLAGS and MYSQLCLIENT_LDFLAGS env vars manually", "default-libmysqlclient-dev");
        check("../meson.build:31:12: ERROR: Dependency \"glib-2.0\" not found, tried pkgconfig", "libglib2.0-dev");
    }

    #[test]
    fn a_module_that_is_missing_leads_to_its_package() {
        let check = |line: &str| missing_module(&["Traceback".to_owned(), line.to_owned()]).map(str::to_owned);
        assert_eq!(check("ModuleNotFoundError: No module named 'pkg_resources'").as_deref(), Some("setuptools<82"));
        assert_eq!(check("- ModuleNotFoundError: No module named 'numpy.distutils'").as_deref(), Some("numpy"));
        assert_eq!(check("ModuleNotFoundError: No module named 'a\u{1b}[0m'"), None);
        assert_eq!(check("ModuleNotFoundError: No module named ''"), None);
        assert_eq!(check("error: exit 1"), None);
    }

    #[test]
    fn what_is_not_known_or_no_complaint_has_no_advice() {
        for line in
            ["", "fatal error: own.h: No such file or directory", "not found", "No such file or directory: ''", "-lpq"]
        {
            check(line, "");
        }
        assert_eq!(
            missing(&["fatal error: ffi.h: No such file or directory".to_owned()]).unwrap().to_string(),
            "`ffi.h` was not found: on Debian and Ubuntu it is in libffi-dev, on Fedora in libffi-devel, with Homebrew in libffi"
        );
    }
}
