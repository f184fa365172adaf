//! Keeps what a test started from outliving the test binary, however that ends.
//!
//! One small shell holds the reading end of a pipe. When this process goes (also by `kill -9`), the
//! kernel closes the pipe, and the shell ends the processes and removes the folders it was told of.
//! A parent-death signal would not do: it follows the *thread* that started the child.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

const HOLDER: &str = r#"
trap '' INT TERM HUP
held=' '; folders=''
while read -r verb what; do
    case $verb in
        hold) held="$held$what " ;;
        free) case $held in *" $what "*) held="${held%% "$what" *} ${held#* "$what" }" ;; esac ;;
        remove) folders="$folders$what
" ;;
    esac
done
for one in $held; do kill -"${one%:*}" "${one#*:}"; done
for one in $held; do
    tries=20 # where nobody buries the dead, kill -0 finds them for ever
    while [ $tries -gt 0 ] && kill -0 "${one#*:}"; do sleep 0.1; tries=$((tries - 1)); done
    kill -KILL "${one#*:}"
done
printf '%s' "$folders" | while read -r folder; do rm -rf -- "$folder"; done
"#;

/// How a process is ended when the test binary is gone.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// At once, for what keeps nothing.
    Kill,
    /// PostgreSQL's immediate shutdown, which gives its shared memory back.
    Quit,
}

/// A process on the leash. Dropping it lets the process go: whoever ended it drops this.
#[derive(Debug)]
pub struct Held {
    name: String,
}

/// Puts a process on the leash.
pub fn hold(pid: u32, end: End) -> Held {
    let signal = match end {
        End::Kill => "KILL",
        End::Quit => "QUIT",
    };
    let name = format!("{signal}:{pid}");
    tell(&format!("hold {name}"));
    Held { name }
}

impl Drop for Held {
    fn drop(&mut self) {
        tell(&format!("free {}", self.name));
    }
}

/// Has a folder removed when the test binary is gone.
pub fn remove_at_end(folder: &Path) {
    tell(&format!("remove {}", folder.display()));
}

/// Sends a signal. A process that is gone already is none of our business.
pub fn signal(pid: u32, signal: libc::c_int) {
    let pid = libc::pid_t::try_from(pid).expect("a process id fits");
    // SAFETY: kill(2) takes two numbers and touches no memory of ours.
    #[allow(
        unsafe_code,
        reason = "the standard library sends no signal but SIGKILL"
    )]
    unsafe {
        libc::kill(pid, signal);
    }
}

fn tell(sentence: &str) {
    static HOLDER_INPUT: OnceLock<Mutex<ChildStdin>> = OnceLock::new();
    let input = HOLDER_INPUT.get_or_init(|| Mutex::new(start_holder()));
    let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(input, "{sentence}").expect("the leash holds");
}

#[allow(clippy::zombie_processes, reason = "it ends after us")]
fn start_holder() -> ChildStdin {
    let mut holder = Command::new("sh");
    holder.args(["-c", HOLDER]).current_dir("/");
    // Its own group, so that Ctrl-C ends the tests and not the one who cleans up after them; no
    // output, so that nobody waits for it to close a pipe.
    holder
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = holder.spawn().expect("sh starts");
    child.stdin.expect("its input is a pipe")
}
