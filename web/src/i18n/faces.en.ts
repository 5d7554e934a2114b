import type zh from './faces.zh-CN'

const en: typeof zh = {
  title: 'Face', errorTitle: 'Your face settings cannot be fetched now', otherWay: 'Another way', bySms: 'By SMS code', equal: 'A code by SMS instead of the face is worth the same.',
  unavailable: 'Faces are not compared here', unavailableText: 'Log in by password or SMS; checks ask for a number or a code. Hours are worth the same.',
  honest: 'It stops photographs and stand-ins, not every forgery; so people review, too.', noSpoofing: 'There is no detector of prints and screens here; movements and likeness decide.',
  cues: {
    straight: 'Look at the camera and hold still', back: 'Good, look straight again', blink: 'Close your eyes until you hear a tone', open_mouth: 'Open your mouth',
    turn_left: 'Turn your head slowly to your left', turn_right: 'Turn your head slowly to your right',
  },
  steps: { straight: 'Look straight', actions: 'Do as you are told', blink: 'Close your eyes', open_mouth: 'Open your mouth', turn_left: 'Turn left', turn_right: 'Turn right', back: 'Look straight again' },
  step: 'Step {n} of {of}', stepFirst: 'Step {n}', doneStep: ', done',
  capture: {
    label: 'The camera, as in a mirror', opening: 'Opening the camera', openingText: 'The browser asks; please allow it.', place: 'Put your face into the circle', good: 'Good, hold still', start: 'I am ready, start',
    looking: 'Comparing, one moment', lookingText: 'You can move again.', passed: 'Confirmed', again: 'Ready, try again', wait: 'Try again in {n} s', postponed: 'Many are being checked; this was no failure',
    postponedText: 'You did nothing wrong. Try again in a moment.', failed: 'Not clear this time, just try again', sound: 'Read aloud', soundOff: 'No sound', turnOn: 'Sound on', turnOff: 'Sound off',
    privacy: 'Compared with your own only; the pictures are wiped at once.',
  },
  hints: {
    nobody_seen: 'No face yet; look into the circle', one_person_only: 'Only you in the picture, please', come_closer: 'Come closer', move_back: 'Move back a little', more_light: 'Too dark; face a window or a lamp',
    less_light: 'Too bright; avoid strong light', face_the_camera: 'Face the camera', hold_still: 'Hold still',
  },
  failures: {
    nobody_seen: 'No face in some of the pictures', one_person_only: 'More than one person in the picture', come_closer: 'The face was too far away', move_back: 'The face was too near', more_light: 'Too dark to see the face',
    less_light: 'Too bright to see the face', face_the_camera: 'You did not face the camera at first', hold_still: 'The picture was blurred', action_missing: 'A movement was not seen', action_unasked: 'There was a movement that was not asked for',
    actions_out_of_order: 'The movements came in another order', login_failed: 'You were not recognised, or this account has no face', mismatch: 'You were not recognised',
  },
  tips: {
    light: 'Face a window or a lamp', straight: 'First look straight, move when told', whole: 'Your whole face in the circle, no hat, no mask', alone: 'Ask others to step aside',
    slow: 'Move slowly and stay a moment', wipe: 'Wipe the camera',
  },
  camera: {
    denied: 'The camera is not allowed', missing: 'No camera was found', busy: 'Another program has the camera', insecure: 'No camera at this address', unsupported: 'This browser offers no camera', lost: 'The camera went away',
    text: {
      denied: 'Do this once and it will not ask again.', missing: 'Connect one and try again, or take another way.', busy: 'Close calls and recorders, then try again.', insecure: 'The address has to begin with https://. Take another way for now.',
      unsupported: 'Use a recent Edge, Chrome or WeChat, or another way.', lost: 'Connect it and try again.',
    },
    retry: 'Open again',
    steps: {
      chrome: ['Click this icon left of the address', 'Set Camera to Allow', 'Come back and open again'], edge: ['Click the lock left of the address', 'Set Camera to Allow', 'Come back and open again'],
      wechat: ['Tap ··· at the top right', 'Settings or permissions: allow the camera', 'Come back and open again, or use a browser'], safari: ['Tap the icon left of the address', 'Website settings: allow the camera', 'Come back and open again'],
      other: ['Find site permissions in the settings', 'Allow the camera for this site', 'Come back and open again'],
    },
    allow: 'Camera: allow',
  },
  consent: {
    title: 'Your face: you decide', lead: 'Nothing is ticked for you. Faces need the first two; without them you learn all the same.', submit: 'Go on with my choices', refuse: 'I do not agree: another way',
    missing: 'Faces need both of the first two. If not, choose another way.', needed: 'Needed for faces',
    facts: [
      { name: 'What is kept', text: 'Encrypted numbers, no photograph; compared with you alone.' }, { name: 'How long', text: 'Pictures are wiped at once; the numbers stay until 30 days after the training, or until you withdraw.' },
      { name: 'Taking it back', text: 'On this page, one click, destroyed at once. Credited hours stay.' }, { name: 'Without it', text: 'Password or SMS to log in, SMS codes for checks, worth the same.' },
      { name: 'What it cannot do', text: 'It stops photographs and stand-ins, not every forgery; so people review, too.' },
    ],
    factsTitle: 'To be clear',
  },
  refused: { title: 'You chose not to use your face', text: 'Password or SMS to log in, SMS codes for checks, worth the same. You are not asked again for 30 days.', again: 'I changed my mind', home: 'Go on learning' },
  intro: {
    title: 'Once, about 20 seconds', text: 'It shows later that it is you. Taken live; no photographs from files.', good: 'Whole face', mask: 'Mask', hat: 'Hat', dark: 'Too dark', fit: 'good', unfit: 'not good',
    steps: [{ name: 'Open the camera', text: 'The browser asks; please allow it' }, { name: 'Face in the circle', text: 'About 50 cm away, 30 cm with a phone' }, { name: 'Do as you are told', text: 'Close your eyes, turn left, open your mouth; it is read aloud' }],
    lock: 'Encrypted numbers, no photograph; compared with you alone. Delete it at any time; hours stay.', start: 'Open the camera and start', refuse: 'No face, SMS codes instead',
  },
  enrol: {
    title: 'Enrol your face', again: 'Enrol again', againText: 'The new one takes the place of the old, which is destroyed. Your password first, please.', start: 'Start', doneTitle: 'Enrolled', doneText: 'A look into the camera does at logins and checks.',
    next: 'Confirm it with your ID card, and the school need not do it.', card: 'Confirm with the ID card', later: 'Later', paused: 'Too many tries; again after {at}. Another way until then.',
  },
  status: {
    title: 'My face', enrolledAt: 'Enrolled {at}', standing: { provisional: 'To be confirmed', id_card: 'Matched with the ID card', institution: 'Confirmed by the school' },
    standingText: { provisional: 'Good for logins and checks. Better still, confirm it with your ID card or at your school.', id_card: 'Matched with the ID card {at}.', institution: 'The school saw you {at}.' },
    outdated: 'Faces are compared in a new way; please enrol again. SMS codes until then.', again: 'Enrol again', snapshots: 'Pictures of failed checks', snapshotsOn: 'You agreed; this platform keeps no such pictures for now', snapshotsOff: 'Not kept; nothing else changes',
    withdraw: 'Withdraw and delete my face', withdrawTitle: 'If you withdraw', withdrawText: ['Your face data is destroyed at once, for good.', 'Password or SMS to log in, SMS codes for checks, worth the same.', 'Credited hours stay.', 'You can enrol again later.'],
    withdrawSure: 'Withdraw and delete', keep: 'Keep it', withdrawn: 'Withdrawn; the face data is destroyed.',
  },
  card: {
    title: 'Confirm with the ID card', text: 'Photograph the side with your picture; it is compared once and wiped.', tips: ['Flat on a table, filling the picture', 'No glare, a sharp photograph', 'You may cover the number'], shoot: 'Use the camera', file: 'Choose a photograph',
    take: 'Take it', frame: 'Put the card into the frame', retake: 'Again', send: 'Confirm', done: 'It matches: your face is confirmed.', mismatch: 'It does not match. Avoid glare and try again; old photographs may not match, then your school can confirm you.', alt: 'The photograph to compare',
  },
  login: {
    tab: 'Face', account: 'Phone or document number', needAccount: 'Please enter your phone or document number', next: 'Open the camera', change: 'Another account', note: 'For enrolled faces. Password and SMS are worth the same.', other: 'By SMS instead',
    captchaHint: 'Many tries came from this network. Read the picture first; capitals do not matter.',
  },
}

export default en
