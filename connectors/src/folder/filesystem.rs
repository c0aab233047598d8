//! Knows file systems: which send change events, and which hold no documents at all.

use std::os::fd::AsFd;

/// A file system's name and whether its changes can be noticed by events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileSystem {
    /// Its usual short name; `local` where it is not one of those that matter.
    pub name: &'static str,
    pub sort: Sort,
}

/// What a file system means for a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// All changes pass this machine's kernel, which reports them.
    Local,
    /// Others can change it without this machine's kernel seeing that.
    Remote,
    /// Views of the kernel's own state.
    Pseudo,
}

impl FileSystem {
    /// Whether a file that stays as it is keeps its time of change (ctime). Programs that serve a
    /// file system may make it up, and all files would look changed at each look.
    pub fn keeps_change_times(self) -> bool {
        self.name != "fuse"
    }
}

const LOCAL: FileSystem = FileSystem { name: "local", sort: Sort::Local };

/// The low 32 bits of `f_type` (see statfs(2) and the kernel's magic.h).
#[cfg(target_os = "linux")]
#[rustfmt::skip]
const KNOWN: &[(u32, &str, Sort)] = &[
    (0x0000_ef53, "ext4", Sort::Local), (0x5846_5342, "xfs", Sort::Local),
    (0x9123_683e, "btrfs", Sort::Local), (0x0102_1994, "tmpfs", Sort::Local),
    (0x794c_7630, "overlayfs", Sort::Local), (0x2fc1_2fc1, "zfs", Sort::Local),
    (0xf2f5_2010, "f2fs", Sort::Local), (0x0000_4d44, "vfat", Sort::Local),
    (0x2011_bab0, "exfat", Sort::Local), (0x7366_746e, "ntfs3", Sort::Local),
    (0xca45_1a4e, "bcachefs", Sort::Local), (0x7371_7368, "squashfs", Sort::Local),

    (0x0000_6969, "nfs", Sort::Remote), (0x0000_517b, "smb", Sort::Remote),
    (0xff53_4d42, "cifs", Sort::Remote), (0xfe53_4d42, "smb2", Sort::Remote),
    (0x0102_1997, "9p", Sort::Remote), (0x6573_5546, "fuse", Sort::Remote),
    (0x786f_4256, "vboxsf", Sort::Remote), (0xbacb_acbc, "vmhgfs", Sort::Remote),
    (0x7c7c_6673, "prl_fs", Sort::Remote), (0x5346_4846, "wslfs", Sort::Remote),
    (0x5346_414f, "afs", Sort::Remote), (0x00c3_6400, "ceph", Sort::Remote),
    (0x7375_7245, "coda", Sort::Remote), (0x0000_564c, "ncp", Sort::Remote),
    (0x0116_1970, "gfs2", Sort::Remote), (0x7461_636f, "ocfs2", Sort::Remote),
    (0x0bd0_0bd0, "lustre", Sort::Remote), (0x4750_4653, "gpfs", Sort::Remote),
    (0x1983_0326, "beegfs", Sort::Remote),

    (0x0000_9fa0, "proc", Sort::Pseudo), (0x6265_6572, "sysfs", Sort::Pseudo),
    (0x0027_e0eb, "cgroup", Sort::Pseudo), (0x6367_7270, "cgroup2", Sort::Pseudo),
    (0x0000_1cd1, "devpts", Sort::Pseudo), (0x6462_6720, "debugfs", Sort::Pseudo),
    (0x7472_6163, "tracefs", Sort::Pseudo), (0x7363_6673, "securityfs", Sort::Pseudo),
    (0xcafe_4a11, "bpf", Sort::Pseudo), (0x6165_676c, "pstore", Sort::Pseudo),
    (0x6265_6570, "configfs", Sort::Pseudo), (0x6573_5543, "fusectl", Sort::Pseudo),
    (0xf97c_ff8c, "selinuxfs", Sort::Pseudo), (0x1980_0202, "mqueue", Sort::Pseudo),
    (0x9584_58f6, "hugetlbfs", Sort::Pseudo), (0xde5e_81e4, "efivarfs", Sort::Pseudo),
    (0x4249_4e4d, "binfmt_misc", Sort::Pseudo), (0x6759_6969, "rpc_pipefs", Sort::Pseudo),
    (0x6e73_6673, "nsfs", Sort::Pseudo),
];

/// The file system that an open file lies on; an unknown one counts as local.
#[cfg(target_os = "linux")]
pub(super) fn of(fd: impl AsFd) -> FileSystem {
    let Ok(stat) = rustix::fs::fstatfs(fd) else { return LOCAL };
    named(stat.f_type as u32)
}

/// The file system that an open file lies on; not told apart on this system.
#[cfg(not(target_os = "linux"))]
pub(super) fn of(_fd: impl AsFd) -> FileSystem {
    LOCAL
}

#[cfg(target_os = "linux")]
fn named(magic: u32) -> FileSystem {
    let known = KNOWN.iter().find(|(known, _, _)| *known == magic);
    known.map_or(LOCAL, |&(_, name, sort)| FileSystem { name, sort })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn proc_is_no_place_for_documents_and_a_share_is_polled() {
        assert_eq!(of(fs_err::File::open("/proc").unwrap().file()).sort, Sort::Pseudo);
        assert_eq!(of(tempfile::tempfile().unwrap()).sort, Sort::Local);
        assert_eq!(named(0x6969), FileSystem { name: "nfs", sort: Sort::Remote });
    }

    #[test]
    fn only_programs_that_serve_files_are_not_believed_on_times_of_change() {
        assert!(!named(0x6573_5546).keeps_change_times());
        assert!(named(0x6969).keeps_change_times() && LOCAL.keeps_change_times());
    }
}
