"""English frames: opening hours, membership and personal data."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="opening_hours",
        train=(
            "What time does {branch} open on {day}?",
            "Is the {branch} branch open on {day}?",
            "Until what time is {branch} open on {day}?",
            "I want to come to {branch} on {day}, what are the hours?",
            "Could you tell me the opening hours of {branch} for {day}?",
            "My shift ends late on {day}, will {branch} still be open?",
            "Which hours does the office in {branch} keep on {day}?",
            "I can only visit {branch} on {day}. Are you open then?",
            "When does the {branch} counter close on {day}?",
            "Do you work on {day} at {branch}, and from what time?",
        ),
        test=(
            "Planning a trip to {branch} this {day}, when can I walk in?",
            "If I drop by {branch} on {day}, at what hour do the doors open and close?",
            "Need the {day} schedule of the {branch} office.",
            "How late can I show up at {branch} on {day}?",
        ),
        bare=(
            "What are your opening hours this week?",
            "Is the office still open this late?",
            "Are you open on public holidays?",
            "What time do you close today?",
            "At what hour does the counter start serving people?",
        ),
        switch=(
            "And what about {branch} on {day}?",
            "And {branch} on {day}, what time?",
            "What if I go to {branch} on {day} instead?",
            "Then how about {day} at {branch}?",
        ),
        clauses=(
            "{branch} is open on {day} from {hours}.",
            "On {day} the {branch} branch is open from {hours}.",
        ),
        tails=(
            "The last queue number is given 30 minutes before closing.",
            "We are closed on Sundays and public holidays.",
            "Please bring your member card with you.",
        ),
        follow_ups=(
            FollowUp(
                ("Are you open on Sunday?", "Does any branch open on Sunday?", "And on Sundays?"),
                "Would Sunday be possible as well?",
                "All branches are closed on Sunday, but the app and the water depots work every "
                "day.",
            ),
            FollowUp(
                (
                    "Is it busy there?",
                    "When is the queue shortest?",
                    "What is the quietest time to come?",
                ),
                "At which hour will I wait the least?",
                "The queue is shortest in the first hour and longest after the midday break.",
            ),
        ),
    ),
    IntentFrames(
        label="join_member",
        train=(
            "I am {job} in {branch}, how can I become a member?",
            "How do I join the cooperative at {branch}? I work as {job}.",
            "Can {job} become a member through {branch}?",
            "What does it cost to join as {job} at {branch}?",
            "I want to sign up as a new member in {branch}, I'm {job}.",
            "My brother is {job}. Can he register as a member in {branch}?",
            "I'd like to be a member. I am {job} and live near {branch}.",
            "Is membership open for {job} who lives in {branch}?",
            "How much is the first deposit to join in {branch}? I am {job}.",
            "I'm {job}, when can I take the new member class at {branch}?",
        ),
        test=(
            "As {job} around {branch}, am I allowed to join you?",
            "What are the steps for {job} who wishes to enter the cooperative via {branch}?",
            "Thinking of becoming part of the cooperative in {branch}, I earn my living as {job}.",
            "Where does {job} from {branch} begin to get membership?",
        ),
        bare=(
            "How do I become a member?",
            "What are the requirements for new members?",
            "How much do I pay to join the cooperative?",
            "I want to register as a member.",
            "My neighbour wishes to join, what does membership need?",
        ),
        switch=(
            "My sister is {job} and lives in {branch}, can she join?",
            "And for {job} in {branch}?",
            "What if I am {job} and want to join at {branch}?",
            "My cousin works as {job}, could {branch} accept a membership?",
        ),
        clauses=(
            "Yes, {job} can join at {branch}. The new member class is every {class_day} and the "
            "first deposit is Rp 100,000.",
            "Welcome! To join as {job}, come to the {branch} class on {class_day} with the first "
            "deposit of Rp 100,000.",
        ),
        tails=(
            "Please bring your identity card and one photo.",
            "After that the monthly deposit is Rp 20,000.",
            "Your member card is ready on the same day.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "What is the minimum age?",
                    "How old must a new member be?",
                    "Is there an age limit?",
                ),
                "From which age may someone join?",
                "A member must be at least 17 years old; younger children can have a Tirta Sekolah "
                "account with a parent.",
            ),
            FollowUp(
                (
                    "What if I want to leave later?",
                    "Do I get my deposit back if I leave?",
                    "Can I stop being a member?",
                ),
                "Is the money returned when someone leaves?",
                "If you leave, your deposits are paid back within 30 days after all loans are "
                "settled.",
            ),
        ),
    ),
    IntentFrames(
        label="update_data",
        train=(
            "I want to change my {record} at {branch}.",
            "How do I update my {record}? My branch is {branch}.",
            "My {record} has changed, can {branch} update it?",
            "What should I bring to {branch} to change my {record}?",
            "Please correct my {record}, I am registered in {branch}.",
            "The {record} in your data is wrong. Can I fix it at {branch}?",
            "I have a new {record}, do I need to come to {branch}?",
            "Which letter is needed to change the {record} at {branch}?",
            "Can you change the {record} of my account in {branch}?",
            "I'd like to replace my old {record} with a new one at {branch}.",
        ),
        test=(
            "You still have an outdated {record} for me, would {branch} put it right?",
            "What proof does {branch} ask for when a member edits the {record}?",
            "My {record} is different since last month, how does {branch} record that?",
            "I need my {record} renewed in the {branch} files.",
        ),
        bare=(
            "I want to update my personal data.",
            "How do I change my data in your records?",
            "My name is spelled wrong on the account, can you correct it?",
            "I moved to a new house, who should I tell?",
            "Some details in my profile are out of date.",
        ),
        switch=(
            "And to change my {record} at {branch}?",
            "What about my {record}, also at {branch}?",
            "And for a new {record} in {branch}?",
            "Could {branch} take care of my {record} too?",
        ),
        clauses=(
            "To change your {record}, come to {branch} and bring {proof}.",
            "{branch} can change your {record} if you bring {proof}.",
        ),
        tails=(
            "The new data is active on the next working day.",
            "For your safety we do not change data by chat.",
            "There is no fee for this.",
        ),
        follow_ups=(
            FollowUp(
                ("Who can see my data?", "Is my data safe with you?", "Do you share my data?"),
                "With whom is this information shared?",
                "Only staff who serve you can see your data, and we never sell or share it.",
            ),
            FollowUp(
                (
                    "Can I delete my data?",
                    "How long do you keep my data?",
                    "What happens to my old data?",
                ),
                "When is the old record erased?",
                "Old data is kept for 5 years as the rules ask, then it is deleted.",
            ),
        ),
    ),
)
