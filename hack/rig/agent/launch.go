package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The agent starts itself again with this word, in a mount and PID namespace of the container's own; that process
// then lays the mounts and becomes the container's program.
const launchVerb = "_container"

type mount struct {
	Source, Target string
	ReadOnly       bool
}

// launchSpec is what the new process reads from its descriptor 3.
type launchSpec struct {
	Stage      string // an empty folder of this container's own
	Mounts     []mount
	WorkingDir string
	Args       []string
}

// launchRequest asks the launcher for one start.
type launchRequest struct {
	spec   launchSpec
	env    []string
	log    string
	answer chan launchAnswer
}

type launchAnswer struct {
	process *os.Process
	err     error
}

// launcher starts processes from threads that never end: a child dies with the thread that made it (PR_SET_PDEATHSIG).
type launcher struct{ requests chan launchRequest }

func newLauncher() *launcher {
	l := &launcher{make(chan launchRequest)}
	for range launchers {
		go func() {
			runtime.LockOSThread()
			for request := range l.requests {
				process, err := start(request)
				request.answer <- launchAnswer{process, err}
			}
		}()
	}
	return l
}

func (l *launcher) start(spec launchSpec, env []string, log string) (*os.Process, error) {
	answer := make(chan launchAnswer, 1)
	l.requests <- launchRequest{spec, env, log, answer}
	got := <-answer
	return got.process, got.err
}

func start(request launchRequest) (*os.Process, error) {
	output, err := os.OpenFile(request.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	text, err := json.Marshal(request.spec)
	if err != nil {
		return nil, err
	}
	specRead, specWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer specWrite.Close()
	failRead, failWrite, err := os.Pipe()
	if err != nil {
		specRead.Close()
		return nil, err
	}
	defer failRead.Close()
	command := exec.Command("/proc/self/exe", launchVerb)
	command.Env = request.env
	command.Stdout, command.Stderr = output, output
	command.ExtraFiles = []*os.File{specRead, failWrite}
	command.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS,
	}
	err = command.Start()
	specRead.Close()
	failWrite.Close()
	if err != nil {
		return nil, err
	}
	if _, err = specWrite.Write(text); err == nil {
		specWrite.Close()
		var said []byte
		// Closed by the exec that makes it the container's program.
		if said, err = io.ReadAll(io.LimitReader(failRead, 4096)); err == nil && len(said) > 0 {
			err = errors.New(string(said))
		}
	}
	if err != nil {
		command.Process.Kill()
		command.Process.Wait()
		return nil, err
	}
	return command.Process, nil
}

// launched is the life of the new process up to its program.
func launched() {
	// The signal at the agent's death belongs to a thread; an exec from another one than had it would lose it.
	runtime.LockOSThread()
	unix.CloseOnExec(4)
	fail := os.NewFile(4, "fail")
	err := become()
	fmt.Fprint(fail, err)
	os.Exit(128)
}

func become() error {
	var spec launchSpec
	file := os.NewFile(3, "spec")
	if err := json.NewDecoder(file).Decode(&spec); err != nil {
		return err
	}
	file.Close()
	if err := layMounts(spec.Stage, spec.Mounts); err != nil {
		return err
	}
	// Where a proc of one's own is refused (it is, inside some containers), the outer one still answers for /proc/self.
	_ = unix.Mount("proc", "/proc", "proc", 0, "")
	if err := os.Chdir(spec.WorkingDir); err != nil {
		return err
	}
	program, err := exec.LookPath(spec.Args[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return fmt.Errorf("exec: %q: %w", spec.Args[0], errors.Unwrap(err))
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	// Whoever waits for this exec holds the other end of 4: nobody does when the agent has died meanwhile.
	if waits := []unix.PollFd{{Fd: 4}}; polled(waits) && waits[0].Revents&unix.POLLERR != 0 {
		return errors.New("the agent has died")
	}
	return fmt.Errorf("exec: %q: %w", program, unix.Exec(program, spec.Args, os.Environ()))
}

func polled(what []unix.PollFd) bool {
	count, err := unix.Poll(what, 0)
	return err == nil && count > 0
}

func layMounts(stage string, mounts []mount) error {
	if len(mounts) == 0 {
		return nil
	}
	// Whatever is made here: nothing of it is on a disk, and it goes with the namespace.
	if err := unix.Mount("tmpfs", stage, "tmpfs", 0, "size=1m,mode=0755"); err != nil {
		return fmt.Errorf("a tmpfs for mount points: %w", err)
	}
	made := 0
	room := func() (string, error) {
		made++
		folder := filepath.Join(stage, fmt.Sprint(made))
		return folder, os.Mkdir(folder, 0o755)
	}
	for _, m := range mounts {
		if err := makeTarget(m, room); err != nil {
			return fmt.Errorf("mount point %s: %w", m.Target, err)
		}
		if err := unix.Mount(m.Source, m.Target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("mounting on %s: %w", m.Target, err)
		}
		if m.ReadOnly {
			if err := remountReadOnly(m.Target); err != nil {
				return fmt.Errorf("making %s read-only: %w", m.Target, err)
			}
		}
	}
	return nil
}

// makeTarget makes the mount point. Where it does not exist, the nearest folder above it that does is covered by a copy
// made of links to what is in it, in which the rest of the path can be made without touching the machine's files.
func makeTarget(m mount, room func() (string, error)) error {
	info, err := os.Stat(m.Source)
	if err != nil {
		return err
	}
	if _, err := os.Stat(m.Target); err == nil {
		return nil
	}
	above := filepath.Dir(m.Target)
	for {
		if found, err := os.Stat(above); err == nil && found.IsDir() {
			break
		}
		above = filepath.Dir(above)
	}
	if above, err = filepath.EvalSymlinks(above); err != nil {
		return err
	}
	if above == "/" {
		err = newRoot(room)
	} else {
		err = cover(above, room)
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.MkdirAll(m.Target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(m.Target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(m.Target, nil, 0o644)
}

func cover(folder string, room func() (string, error)) error {
	// On a file system of the copy's own the folder is already one that can be written to.
	var kind unix.Statfs_t
	if err := unix.Statfs(folder, &kind); err == nil && kind.Type == unix.TMPFS_MAGIC && isOurs(folder) {
		return nil
	}
	original, err := room()
	if err != nil {
		return err
	}
	copied, err := room()
	if err != nil {
		return err
	}
	if err := unix.Mount(folder, original, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	entries, err := os.ReadDir(original)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		target := filepath.Join(original, entry.Name())
		if entry.Type()&os.ModeSymlink != 0 {
			if target, err = os.Readlink(target); err != nil {
				return err
			}
		}
		if err := os.Symlink(target, filepath.Join(copied, entry.Name())); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(copied, coverMark), nil, 0o644); err != nil {
		return err
	}
	return unix.Mount(copied, folder, "", unix.MS_BIND|unix.MS_REC, "")
}

// coverMark tells a cover from a folder of the machine.
const coverMark = ".doorbuster-cover"

func isOurs(folder string) bool {
	for ; folder != "/"; folder = filepath.Dir(folder) {
		if _, err := os.Lstat(filepath.Join(folder, coverMark)); err == nil {
			return true
		}
	}
	return false
}

// newRoot changes the root to a folder in which every entry of the old one is mounted.
func newRoot(room func() (string, error)) error {
	if _, err := os.Lstat("/" + coverMark); err == nil {
		return nil
	}
	root, err := room()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		from, to := "/"+entry.Name(), filepath.Join(root, entry.Name())
		switch {
		case entry.Type()&os.ModeSymlink != 0:
			var target string
			if target, err = os.Readlink(from); err == nil {
				err = os.Symlink(target, to)
			}
		case entry.IsDir():
			if err = os.Mkdir(to, 0o755); err == nil {
				err = unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
			}
		default:
			if err = os.WriteFile(to, nil, 0o644); err == nil {
				err = unix.Mount(from, to, "", unix.MS_BIND, "")
			}
		}
		if err != nil && !strings.HasSuffix(from, "lost+found") {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, coverMark), nil, 0o644); err != nil {
		return err
	}
	if err := unix.Chroot(root); err != nil {
		return err
	}
	return os.Chdir("/")
}

// remountReadOnly keeps the flags of the mount below, which a user namespace may not drop.
func remountReadOnly(target string) error {
	var seen unix.Statfs_t
	if err := unix.Statfs(target, &seen); err != nil {
		return err
	}
	kept := uintptr(seen.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME)
	const relatime = 0x1000 // ST_RELATIME of statfs(2), another bit than MS_RELATIME
	if seen.Flags&relatime != 0 {
		kept |= unix.MS_RELATIME
	}
	return unix.Mount("", target, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|kept, "")
}
