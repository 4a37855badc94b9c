//! Where packages came from, as lockfiles tell, and the hosts that serve what is public.

use crate::manifest::RegistryUrl;
use crate::model::{Ecosystem, Url};

/// Where a package came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockedPlace {
    /// A registry, by its URL, or a folder of files, by its path.
    Registry(String),
    /// A registry, by the URL of the package's file.
    File(String),
}

/// The hosts of npm's registry, and those of its public mirrors: what they serve is what it has.
const OF_NODE: [&str; 14] = [
    "registry.npmjs.org",
    "registry.npmjs.com",
    "replicate.npmjs.com",
    "registry.yarnpkg.com",
    "registry.npmmirror.com",
    "cdn.npmmirror.com",
    "registry.npm.taobao.org",
    "registry.nlark.com",
    "registry.cnpmjs.org",
    "r.cnpmjs.org",
    "mirrors.cloud.tencent.com",
    "mirrors.tencent.com",
    "mirrors.huaweicloud.com",
    "repo.huaweicloud.com",
];

/// The hosts of PyPI, and those of its public mirrors.
const OF_PYTHON: [&str; 19] = [
    "pypi.org",
    "pypi.python.org",
    "files.pythonhosted.org",
    "pypi.tuna.tsinghua.edu.cn",
    "mirrors.tuna.tsinghua.edu.cn",
    "mirrors.aliyun.com",
    "pypi.mirrors.ustc.edu.cn",
    "mirrors.ustc.edu.cn",
    "pypi.douban.com",
    "pypi.doubanio.com",
    "mirror.baidu.com",
    "mirrors.cloud.tencent.com",
    "mirrors.tencent.com",
    "mirrors.huaweicloud.com",
    "repo.huaweicloud.com",
    "mirrors.163.com",
    "mirrors.bfsu.edu.cn",
    "mirror.sjtu.edu.cn",
    "mirror.nju.edu.cn",
];

impl LockedPlace {
    /// Returns the place of a file, if it is on a server.
    pub(super) fn of_file(url: &str) -> Option<Self> {
        let bare = url.split(['#', '?']).next().unwrap_or_default();
        (bare.starts_with("https://") || bare.starts_with("http://")).then(|| Self::File(bare.to_owned()))
    }

    /// Returns the place of an index.
    pub(super) fn of_index(url: &str) -> Self {
        Self::Registry(url.trim().to_owned())
    }

    /// Returns its URL without credentials; `None` for a folder.
    fn url(&self) -> Option<Url> {
        let (Self::Registry(text) | Self::File(text)) = self;
        let url: Url = text.parse().ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.split_credentials().0)
    }

    /// Returns whether what came from there is in the public registry of its ecosystem.
    pub fn is_public(&self, ecosystem: Ecosystem) -> bool {
        let hosts: &[&str] = if ecosystem.has_scopes() { &OF_NODE } else { &OF_PYTHON };
        self.url().is_some_and(|url| hosts.contains(&url.host()))
    }

    /// Returns whether a registry of this address serves what came from there. Files lie on the host of their registry.
    pub fn is_of(&self, registry: &RegistryUrl) -> bool {
        let (Some(own), Some(other)) = (self.url(), registry.http()) else {
            return self.url().is_none() && registry.http().is_none();
        };
        match self {
            Self::File(_) => own.authority() == other.authority(),
            Self::Registry(_) => {
                own.authority() == other.authority() && own.into_folder().path() == other.clone().into_folder().path()
            }
        }
    }

    /// Returns the address of its registry, as a manifest has it: what stands before the package of this name.
    pub fn registry(&self, name: &str) -> String {
        let Some(url) = self.url() else {
            let (Self::Registry(text) | Self::File(text)) = self;
            return text.clone();
        };
        let whole = url.as_str();
        if matches!(self, Self::Registry(_)) {
            return whole.to_owned();
        }
        let base = whole.split("/-/").next().filter(|base| base.len() < whole.len()).unwrap_or_default();
        let names =
            [format!("/{name}"), format!("/{}", name.replace('/', "%2f")), format!("/{}", name.replace('/', "%2F"))];
        match names.iter().find_map(|name| base.strip_suffix(name.as_str())) {
            Some(base) => format!("{base}/"),
            None => url.root().as_str().to_owned(),
        }
    }

    /// Returns a name for its registry: that of its host.
    pub fn name(&self) -> String {
        let host = self.url().map(|url| url.host().to_owned()).unwrap_or_default();
        let name: String = host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let name = name.trim_matches('-');
        if name.is_empty() { "files".to_owned() } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_compared_with_registries() {
        let file = |url: &str| LockedPlace::of_file(url).unwrap();
        let index = LockedPlace::of_index;
        for (place, registry, expected) in [
            (file("https://npm.corp.example/ms/-/ms-2.1.3.tgz#00"), "https://npm.corp.example/", true),
            (file("https://corp.example/api/npm/all/ms/-/ms-2.1.3.tgz"), "https://corp.example/api/npm/private/", true),
            (file("https://npm.corp.example:8443/ms/-/ms-2.1.3.tgz"), "https://npm.corp.example/", false),
            (file("https://me:secret@npm.corp.example/ms/-/ms-2.1.3.tgz"), "https://npm.corp.example/", true),
            (index("https://corp.example/simple"), "https://corp.example/simple/", true),
            (index("https://corp.example/cpu"), "https://corp.example/gpu/", false),
            (index("https://corp.example/simple"), "https://pypi.org/simple/", false),
            (index("../wheels"), "wheels", true),
            (index("../wheels"), "https://pypi.org/simple/", false),
        ] {
            assert_eq!(place.is_of(&RegistryUrl::parse(registry).unwrap()), expected, "{place:?} {registry}");
        }
    }

    #[test]
    fn what_is_public_is_known_by_its_host() {
        let is_public = |url: &str, ecosystem| LockedPlace::of_file(url).unwrap().is_public(ecosystem);
        assert!(is_public("https://registry.yarnpkg.com/ms/-/ms-2.1.3.tgz#00", Ecosystem::OF_NODE));
        assert!(is_public("https://files.pythonhosted.org/packages/a/x-1.whl", Ecosystem::OF_PYTHON));
        assert!(!is_public("https://registry.npmjs.org.evil.example/ms/-/ms-2.1.3.tgz", Ecosystem::OF_NODE));
        assert!(!is_public("https://test-files.pythonhosted.org/packages/a/x-1.whl", Ecosystem::OF_PYTHON));
        assert!(!is_public("https://pypi.org/simple", Ecosystem::OF_NODE));
        assert!(!LockedPlace::of_index("../wheels").is_public(Ecosystem::OF_PYTHON));
    }

    #[test]
    fn the_registry_of_a_file_stands_before_the_name() {
        for (url, name, expected) in [
            ("https://npm.corp.example/ms/-/ms-2.1.3.tgz", "ms", "https://npm.corp.example/"),
            ("https://c.example/api/npm/all/@a/b/-/b-1.0.0.tgz", "@a/b", "https://c.example/api/npm/all/"),
            ("https://c.example/npm/@a%2fb/-/@a/b-1.0.0.tgz", "@a/b", "https://c.example/npm/"),
            ("https://npm.pkg.github.com/download/@a/b/1.0.0/00ff", "@a/b", "https://npm.pkg.github.com/"),
        ] {
            assert_eq!(LockedPlace::of_file(url).unwrap().registry(name), expected);
        }
    }
}
